# A class that tells pydantic what it is can be stored.

from typing import Any
from graflow import TaskExecutionContext

class Custom:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(str)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Custom)

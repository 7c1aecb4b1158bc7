# A TypedDict whose pydantic config lets other fields pass is compatible.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext
from pydantic import ConfigDict

class User(TypedDict):
    name: str


class Open(TypedDict):
    __pydantic_config__ = ConfigDict(extra="ignore")  # type: ignore[misc]
    name: str
class More(User):
    age: int
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(More).set("k", {"name": "Ada", "age": 36})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Open).get("k")

# So may one whose annotations have validators in them.

from typing import Annotated, Any
from pydantic import BaseModel, BeforeValidator, PlainValidator, WrapValidator
from graflow import TaskExecutionContext

def number(value: Any) -> int:
    return int(value)
Number = Annotated[int, BeforeValidator(number)]
class Row(BaseModel):
    count: str
class Before(BaseModel):
    count: Number
class Plain(BaseModel):
    count: Annotated[int, PlainValidator(number)]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", Row(count="3"))
    ctx.get_typed_channel(Before).get("row")
    ctx.get_typed_channel(Plain).get("row")

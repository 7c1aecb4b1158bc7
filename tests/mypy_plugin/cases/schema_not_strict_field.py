# A field, too, may take what is not of its type.

from typing import Annotated
from pydantic import BaseModel, Field, Strict
from graflow import TaskExecutionContext

class Row(BaseModel):
    count: str
class Loose(BaseModel):
    count: int = Field(strict=False)
class Marked(BaseModel):
    count: Annotated[int, Field(strict=False)]
class Tight(BaseModel):
    count: Annotated[int, Strict()]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", Row(count="3"))
    ctx.get_typed_channel(Loose).get("row")
    ctx.get_typed_channel(Marked).get("row")
    ctx.get_typed_channel(Tight).get("row")

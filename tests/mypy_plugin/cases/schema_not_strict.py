# What is read need not be strict: a model that converts takes what is not of its types.

from pydantic import BaseModel, ConfigDict
from graflow import TaskExecutionContext

class Row(BaseModel):
    count: str
class Loose(BaseModel):
    model_config = ConfigDict(strict=False)
    count: int
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", Row(count="3"))
    ctx.get_typed_channel(Loose).get("row")

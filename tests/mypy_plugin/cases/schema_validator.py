# A reader with validators of its own may take anything, or refuse what its types would take.

from typing import Any
from pydantic import BaseModel, field_validator, model_validator
from graflow import TaskExecutionContext

class Row(BaseModel):
    count: str
class Before(BaseModel):
    count: int
    @field_validator("count", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return int(value)
class Whole(BaseModel):
    number: int
    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: Any) -> Any:
        return {"number": int(value["count"])}
class Deep(Whole):
    pass
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", Row(count="3"))
    ctx.get_typed_channel(Before).get("row")
    ctx.get_typed_channel(Whole).get("row")
    ctx.get_typed_channel(Deep).get("row")

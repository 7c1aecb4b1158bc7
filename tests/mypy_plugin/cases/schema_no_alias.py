# A `Field` that says nothing about names or strictness leaves the field as it is.

from pydantic import BaseModel, Field
from graflow import TaskExecutionContext
from typing_extensions import TypedDict

class Row(TypedDict):
    userName: str
class User(BaseModel):
    user_name: str = Field(description="a name")
class Known(BaseModel):
    userName: str = Field(max_length=30)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", {"userName": "Ada"})  # E: Channel key "row" is used as "Row" here, but as "User" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).get("row")  # E: Channel key "row" is used as "User" here, but as "Row" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Known).get("row")

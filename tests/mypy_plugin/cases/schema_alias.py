# A field may be stored under another name.

from typing import Annotated
from pydantic import AliasChoices, BaseModel, Field
from graflow import TaskExecutionContext
from typing_extensions import TypedDict

class Row(TypedDict):
    userName: str
class User(BaseModel):
    user_name: str = Field(alias="userName")
class Choices(BaseModel):
    user_name: str = Field(validation_alias=AliasChoices("userName", "name"))
class Marked(BaseModel):
    user_name: Annotated[str, Field(alias="userName")]
class Written(BaseModel):
    user_name: str = Field(serialization_alias="userName")
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", {"userName": "Ada"})  # E: Channel key "row" is used as "Row" here, but as "Written" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).get("row")
    ctx.get_typed_channel(Choices).get("row")
    ctx.get_typed_channel(Marked).get("row")
    ctx.get_typed_channel(Written).get("row")  # E: Channel key "row" is used as "Written" here, but as "Row" in app.main.use  [graflow-key-type]

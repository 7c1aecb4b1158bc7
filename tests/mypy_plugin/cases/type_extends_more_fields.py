# Fields that the reader's TypedDict does not have are refused when the program runs.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class More(User):
    age: int
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(More).set("k", {"name": "Ada", "age": 36})  # E: Channel key "k" is used as "More" here, but as "User" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("k")  # E: Channel key "k" is used as "User" here, but as "More" in app.main.make  [graflow-key-type]

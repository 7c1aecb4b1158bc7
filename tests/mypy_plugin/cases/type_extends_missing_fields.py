# A field that the reader requires is missing in what is written.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class More(User):
    age: int
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("k", {"name": "Ada"})  # E: Channel key "k" is used as "User" here, but as "More" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(More).get("k")  # E: Channel key "k" is used as "More" here, but as "User" in app.main.make  [graflow-key-type]

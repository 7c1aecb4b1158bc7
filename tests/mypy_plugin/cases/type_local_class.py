# Classes inside functions are known too.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


def make(ctx: TaskExecutionContext) -> None:
    class Local(TypedDict):
        id: int
    ctx.get_typed_channel(Local).set("k", {"id": 1})  # E: Channel key "k" is used as "Local" here, but as "User" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("k")  # E: Channel key "k" is used as "User" here, but as "Local" in app.main.make  [graflow-key-type]

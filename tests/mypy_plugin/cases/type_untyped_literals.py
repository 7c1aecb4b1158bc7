# What an untyped channel stores is known where it is a plain constant.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("a", 1)  # E: Channel key "a" is used as "int" here, but as "User" in app.main.use  [graflow-key-type]
    ctx.get_channel().set("b", {"name": "Ada"})
    ctx.get_channel().set("c", object.__doc__)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("a")  # E: Channel key "a" is used as "User" here, but as "int" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(User).get("b")
    ctx.get_typed_channel(User).get("c")

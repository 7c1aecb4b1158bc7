# What is written without the optional fields can be read with them.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class More(User, total=False):
    age: int
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("k", {"name": "Ada"})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(More).get("k")

# Two TypedDicts with the same fields hold the same data.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class Person(TypedDict):
    name: str
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Person).set("k", {"name": "Ada"})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("k")

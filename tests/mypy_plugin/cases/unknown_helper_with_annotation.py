# A function that returns a channel is known by its annotation.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str


def users(ctx: TaskExecutionContext) -> TypedChannel[User]:
    return ctx.get_typed_channel(User)
def make(ctx: TaskExecutionContext) -> None:
    users(ctx).set("a", {"name": "Ada"})
def use(ctx: TaskExecutionContext) -> None:
    users(ctx).get("a")
    users(ctx).get("b")  # E: Channel key "b" is read but never written  [graflow-key-unknown]

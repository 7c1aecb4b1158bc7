# A list key is read as a value of its items' type.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


def one(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).append("users", {"name": "Ada"})  # E: Channel key "users" is appended to here, but read as a value in app.main.two  [graflow-key-shape]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("users")  # E: Channel key "users" is read as a value here, but appended to in app.main.one  [graflow-key-shape]
    ctx.get_typed_channel(User).get_list("users")
    ctx.get_typed_channel(list[User]).get("users")
    ctx.get_channel().get("users")

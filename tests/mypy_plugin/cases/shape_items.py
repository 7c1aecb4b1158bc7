# The items of a list are compared by their types.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


def one(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).append("users", {"name": "Ada"})  # E: Channel key "users" is used as "list[User]" here, but as "list[Order]" in app.main.two  [graflow-key-type]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Order).get_list("users")  # E: Channel key "users" is used as "Order" here, but as "User" in app.main.one  [graflow-key-type]
    ctx.get_typed_channel(list[Order]).get("users")  # E: Channel key "users" is used as "list[Order]" here, but as "list[User]" in app.main.one  [graflow-key-type]

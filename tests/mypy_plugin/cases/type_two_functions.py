# The same key with two schemas in two functions of a module.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Order).set("k", {"price": 1.0})  # E: Channel key "k" is used as "Order" here, but as "User" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("k")  # E: Channel key "k" is used as "User" here, but as "Order" in app.main.make  [graflow-key-type]

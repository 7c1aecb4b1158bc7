# A schema may be named in text.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel("User").set("k", {"name": "Ada"})  # E: Channel key "k" is used as "User" here, but as "Order" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("k")
    ctx.get_typed_channel("Order").get("k")  # E: Channel key "k" is used as "Order" here, but as "User" in app.main.make  [graflow-key-type]

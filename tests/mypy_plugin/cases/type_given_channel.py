# A channel that is handed over is the run's where the program makes no other.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


def save(orders: TypedChannel[Order]) -> None:
    orders.set("k", {"price": 1.0})  # E: Channel key "k" is used as "Order" here, but as "User" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    save(ctx.get_typed_channel(Order))
    ctx.get_typed_channel(User).get("k")  # E: Channel key "k" is used as "User" here, but as "Order" in app.main.save  [graflow-key-type]

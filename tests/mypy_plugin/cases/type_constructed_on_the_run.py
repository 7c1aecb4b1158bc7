# A typed channel on the channel of a run is the run's.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


def make(ctx: TaskExecutionContext) -> None:
    TypedChannel(ctx.get_channel(), Order).set("k", {"price": 1.0})  # E: Channel key "k" is used as "Order" here, but as "int" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    users = ctx.get_typed_channel(User)
    users.get("k")  # E: Channel key "k" is used as "User" here, but as "Order" in app.main.make  [graflow-key-type]
    users.channel.set("k", 3)  # E: Channel key "k" is used as "int" here, but as "Order" in app.main.make  [graflow-key-type]

# A channel that the program makes itself may be another one, so what it holds is not compared.

from typing_extensions import TypedDict
from graflow import MemoryChannel, TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


def other() -> None:
    TypedChannel(MemoryChannel("other"), Order).set("k", {"price": 1.0})
def save(orders: TypedChannel[Order]) -> None:
    orders.set("k", {"price": 1.0})  # N: graflow: channels that come in as parameters are not judged: app/main.py:15 makes another channel
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("k", {"name": "Ada"})
    ctx.get_typed_channel(User).get("k")

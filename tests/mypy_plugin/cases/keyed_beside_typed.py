# A keyed channel and a typed one that do not agree.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


class State(TypedDict):
    user: User
    logs: list[str]
def one(ctx: TaskExecutionContext) -> None:
    ctx.get_keyed_channel(State).set("user", {"name": "Ada"})  # E: Channel key "user" is used as "User" here, but as "Order" in app.main.two  [graflow-key-type]
    ctx.get_keyed_channel(State).append("logs", "one")  # E: Channel key "logs" is appended to here, but set in app.main.two  [graflow-key-shape]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Order).get("user")  # E: Channel key "user" is used as "Order" here, but as "User" in app.main.one  [graflow-key-type]
    ctx.get_typed_channel(User).get("user")
    ctx.get_typed_channel(str).get_list("logs")  # E: Channel key "logs" is read as a list here, but set in app.main.two  [graflow-key-shape]
    ctx.get_channel().set("logs", 3)  # E: Channel key "logs" is set here, but appended to in app.main.one  [graflow-key-shape]

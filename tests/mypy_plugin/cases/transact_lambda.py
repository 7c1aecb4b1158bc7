# A lambda that `transact` calls uses the channel of the run, through any face.
from typing import TypedDict

from graflow import TaskExecutionContext


class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


class State(TypedDict):
    logs: list[str]
    count: int


def make(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.transact(lambda tx: tx.typed(User).set("user", {"name": "Ada"}))  # E: Channel key "user" is used as "User" here, but as "Order" in app.main.show  [graflow-key-type]
    channel.transact(lambda tx: tx.set("total", 1))
    channel.transact(fn=lambda tx: tx.keyed(State).append("logs", "made"))  # E: Channel key "logs" is used as "str" here, but as "int" in app.main.show  [graflow-key-type]
    channel.transact(lambda tx: tx.transact(lambda inner: inner.append("items", 1)))  # E: Channel key "items" is appended to here, but added to as a number in app.main.show  [graflow-key-shape]


def show(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.transact(lambda tx: tx.typed(Order).get("user"))  # E: Channel key "user" is used as "Order" here, but as "User" in app.main.make  [graflow-key-type]
    reveal_type(channel.transact(lambda tx: tx.typed(User).get("user")["name"]))  # N: Revealed type is "str"
    channel.transact(lambda tx: tx.get("totl"))  # E: Channel key "totl" is read but never written; did you mean "total"?  [graflow-key-unknown]
    channel.transact(lambda tx: tx.keyed(State).get("lgos"))  # E: "State" has no channel key "lgos"; did you mean "logs"?  [graflow-key-unknown]
    channel.transact(lambda tx: tx.typed(int).get_list("logs"))  # E: Channel key "logs" is used as "int" here, but as "str" in app.main.make  [graflow-key-type]
    channel.transact(lambda tx: tx.transact(lambda inner: inner.typed(int).get("items")))  # E: Channel key "items" is read as a value here, but appended to in app.main.make  [graflow-key-shape]
    channel.transact(lambda tx: tx.atomic_add("items"), attempts=3)  # E: Channel key "items" is added to as a number here, but appended to in app.main.make  [graflow-key-shape]
    ctx.get_typed_channel(User).channel.transact(lambda tx: tx.get("itmes"))  # E: Channel key "itmes" is read but never written; did you mean "items"?  [graflow-key-unknown]
    begin = channel.transact
    begin(lambda tx: tx.get("usr"))  # E: Channel key "usr" is read but never written; did you mean "user"?  [graflow-key-unknown]


def defaults(ctx: TaskExecutionContext) -> None:
    print(lambda found=ctx.get_channel().get("defalt"): found)  # E: Channel key "defalt" is read but never written  [graflow-key-unknown]

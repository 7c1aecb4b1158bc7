# A parameter that is not bound is read from the channel key of its name, with its type.
from typing import TypedDict

from graflow import TaskExecutionContext, task, workflow


class User(TypedDict):
    name: str


class Order(TypedDict):
    price: float


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.set("rows", "three")  # E: Channel key "rows" is used as "str" here, but as "int" in app.main.load  [graflow-key-type]
    channel.set("scale", 3)
    channel.append("names", "Ada")
    channel.append("total", 1)  # E: Channel key "total" is appended to here, but read as a parameter in app.main.load  [graflow-key-shape]
    ctx.get_typed_channel(User).set("user", {"name": "Ada"})  # E: Channel key "user" is used as "User" here, but as "Order" in app.main.ship  [graflow-key-type]


@task
def load(rows: int, scale: float, names: list[str], total: int = 0) -> int:
    return rows


@task
def ship(user: Order) -> None: ...


@task
def greet(user: User, scale: float = 1.0, rows: str | int = 0) -> None: ...


with workflow("w") as wf:
    make >> load >> (ship | greet)  # E: Channel key "rows" is used as "int" here by a parameter that is not bound, but as "str" in app.main.make  [graflow-key-type]  # E: Channel key "total" is read as a parameter here, but appended to in app.main.make  [graflow-key-shape]  # E: Channel key "user" is used as "Order" here by a parameter that is not bound, but as "User" in app.main.make  [graflow-key-type]

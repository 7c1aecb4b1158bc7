# Keys that a transaction, a keyed channel or a function that gets a channel write fill parameters.
from typing import TypedDict

from graflow import Channel, TaskExecutionContext, Transaction, task, workflow


class State(TypedDict):
    pages: list[int]
    limit: str


def write(tx: Transaction) -> None:
    tx.set("rows", "three")  # E: Channel key "rows" is used as "str" here, but as "int" in app.main.load  [graflow-key-type]


def fill(channel: Channel) -> None:
    channel.set("source", b"api")


@task(inject_context=True, atomic=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().transact(write)
    ctx.get_channel().transact(lambda tx: tx.add("total", 3))
    ctx.get_keyed_channel(State).set_all({"pages": [1], "limit": "3"})  # E: Channel key "limit" is used as "str" here, but as "int" in app.main.load  [graflow-key-type]
    fill(ctx.get_channel())


@task
def load(rows: int, total: int, pages: list[int], limit: int, source: str) -> None: ...


with workflow("w") as wf:
    make >> load  # E: Channel key "limit" is used as "int" here by a parameter that is not bound, but as "str" in app.main.make  [graflow-key-type]  # E: Channel key "rows" is used as "int" here by a parameter that is not bound, but as "str" in app.main.write  [graflow-key-type]

# Inside a transaction, names, comprehensions, faces and lambdas are followed as elsewhere.
from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from graflow import KeyedChannel, MemoryChannel, TaskExecutionContext, TypedChannel

if TYPE_CHECKING:
    from graflow import Transaction

RATES = MemoryChannel()


class User(TypedDict):
    name: str


class State(TypedDict):
    total: int


def rename(tx: Transaction, name: str) -> str:
    users = tx.typed(User)
    users.set("user", {"name": name})  # E: Channel key "user" is used as "User" here, but as "int" in app.main.work  [graflow-key-type]
    write = tx.set
    write("renamed", True)
    return max(("one", "two"), key=lambda each: len(each + tx.get("renmaed")))  # E: Channel key "renmaed" is read but never written; did you mean "renamed"?  [graflow-key-unknown]


def work(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.transact(lambda tx: [tx.get("usre") for _ in range(2)])  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-unknown]
    channel.transact(lambda tx: (users := tx.typed(int)) and users.get("user"))  # E: Channel key "user" is used as "int" here, but as "User" in app.main.rename  [graflow-key-type]
    channel.transact(lambda tx: TypedChannel(tx, str).get("user"))  # E: Channel key "user" is used as "str" here, but as "User" in app.main.rename  [graflow-key-type]
    channel.transact(lambda tx: KeyedChannel(tx, State).get("totl"))  # E: "State" has no channel key "totl"; did you mean "total"?  [graflow-key-unknown]
    channel.transact(lambda tx: rename(tx, "Ada"))
    channel.transact(lambda tx: "renmaed" in tx and tx.exists("renmaed"))  # E: Channel key "renmaed" is looked for but never written; did you mean "renamed"?  [graflow-key-unknown]
    RATES.transact(lambda tx: tx.typed(int).get("renamed"))
    RATES.transact(lambda tx: tx.get("rate"))

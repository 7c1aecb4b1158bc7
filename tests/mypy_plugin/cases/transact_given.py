# A function that nobody is seen to call has a transaction of the run, if there is no other channel.
from graflow import TaskExecutionContext, Transaction


def move(tx: Transaction) -> None:
    tx.set("user", "Ada")
    tx.get("usre")  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-unknown]


def add_later(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("user")

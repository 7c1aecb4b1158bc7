# A parameter that is a collection of literals has no other items.

from collections.abc import Sequence
from typing import Literal

from graflow import TaskExecutionContext

Name = Literal["ada", "bob"]

def make(ctx: TaskExecutionContext, names: Sequence[Name], others: list[str]) -> None:
    for name in names:
        ctx.get_channel().set(name, 1)
    for other in others:
        ctx.get_channel().set(f"other:{other}", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["ada", "bob", "other:cyd"])
    ctx.get_channel().get("cyd")  # E: Channel key "cyd" is read but never written  [graflow-key-unknown]

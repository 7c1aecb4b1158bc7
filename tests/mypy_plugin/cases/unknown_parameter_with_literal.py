# A parameter of a Literal type is one of its texts.

from typing import Literal
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: Literal["a", "b"]) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a", "b", "c"])  # E: Channel key "c" is read but never written  [graflow-key-unknown]

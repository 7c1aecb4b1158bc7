# A value that may be a list is left alone.

from typing import Any
from graflow import TaskExecutionContext

def one(ctx: TaskExecutionContext, value: Any) -> None:
    ctx.get_channel().set("a", value)
    ctx.get_typed_channel(int | list[int]).set("b", 1)
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("a", 1)
    ctx.get_typed_channel(int).append("b", 1)

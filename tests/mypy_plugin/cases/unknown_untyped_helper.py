# A receiver of an unknown type counts as a possible writer.

from typing import Any
from graflow import TaskExecutionContext

def helper(source: Any) -> Any:
    return source
def make(ctx: TaskExecutionContext) -> None:
    helper(ctx).set("a", 1)
    helper(ctx).channel.append("b", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a", "b", "c"])  # E: Channel key "c" is read but never written  [graflow-key-unknown]

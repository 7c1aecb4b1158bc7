# A list that was set can be appended to.

from graflow import TaskExecutionContext

def one(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("a", [])
    ctx.get_typed_channel(list[str]).set("b", [])
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("a", "x")
    ctx.get_typed_channel(str).append("b", "x")

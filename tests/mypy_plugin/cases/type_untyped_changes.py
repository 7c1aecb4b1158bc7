# What an untyped channel holds may change its type: nothing was said about it.

from graflow import TaskExecutionContext

def begin(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("best", None)
    ctx.get_channel().set("state", "idle")
    ctx.get_channel().set("is_done", False)
def go_on(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("best", {"score": 1})
    ctx.get_channel().set("state", 3)
    ctx.get_channel().set("is_done", 1)
    ctx.get_channel().get("best")

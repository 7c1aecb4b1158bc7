# A result that is put into the channel counts.

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("manual.__result__", 1)
    ctx.get_result("manual")

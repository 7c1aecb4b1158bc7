# A code can be switched off.
# options: graflow-key-unknown = off

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("b")

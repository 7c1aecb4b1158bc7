# The note can be silenced in its line.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("whatever")  # type: ignore[graflow-unjudged]

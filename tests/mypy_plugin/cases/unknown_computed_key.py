# A key computed at run time may be any key.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("whatever")  # N: graflow: unknown keys are not judged: app/main.py:6 computes a key, perhaps "whatever"

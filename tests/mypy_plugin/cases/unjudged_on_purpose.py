# A list of keys that others write takes the note away.
# options: external_keys = *

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("whatever")

# A read with a default is not reported anyway, so that a computed key hides nothing.

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, key: str) -> None:
    channel = ctx.get_channel()
    channel.set(key, 1)
    channel.get("nobody", default=None)

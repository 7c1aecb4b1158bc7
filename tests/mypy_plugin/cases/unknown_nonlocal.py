# A function inside may give a name of the function around another value.

from graflow import Channel, TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    channel = None
    key = "first"
    def begin() -> None:
        nonlocal channel, key
        channel = ctx.get_channel()
        key = "second"
    def write() -> None:
        assert channel is not None
        channel.set("k", 1)
        ctx.get_channel().set(key, 1)
    begin()
    write()
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["k", "second"])  # N: graflow: unknown keys are not judged: app/main.py:15 computes a key, perhaps "second"

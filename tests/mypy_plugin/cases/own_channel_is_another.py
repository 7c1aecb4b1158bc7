# Where the program makes a channel of its own class, one that is handed over may be that.

from graflow import Channel, MemoryChannel, TaskExecutionContext

class Store(MemoryChannel):
    pass
def fill(channel: Channel) -> None:
    channel.set("k", 1)  # N: graflow: channels that come in as parameters are not judged: app/main.py:5 makes a class of channels
def make() -> None:
    fill(Store("other"))
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("k")
    ctx.get_typed_channel(str).set("k", "v")

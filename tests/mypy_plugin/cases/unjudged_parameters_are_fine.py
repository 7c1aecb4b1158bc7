# Nothing is said of channels that are parameters where nothing seems to be wrong with them.

from graflow import Channel, MemoryChannel, TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("name", 1)
    MemoryChannel("mine").set("mine", 1)
def use(channel: Channel) -> None:
    channel.get("name")

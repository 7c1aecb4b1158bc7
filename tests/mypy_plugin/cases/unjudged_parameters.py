# A channel that is a parameter may be another one that is made, unless none is.

from graflow import Channel, MemoryChannel, TaskExecutionContext, TypedChannel

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("name", 1)
    MemoryChannel("mine").set("mine", 1)
def use(channel: Channel, users: TypedChannel[int]) -> None:
    channel.get("name")
    channel.get("nmae")  # N: graflow: channels that come in as parameters are not judged: app/main.py:7 makes another channel
    users.get("name")

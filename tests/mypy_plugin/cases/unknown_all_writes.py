# Every operation that writes is a writer.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.set("a", 1)
    channel.append("b", 1)
    channel.prepend("c", 1)
    channel.update("d", lambda value: value, 1)
    channel.atomic_add("e")
    channel.set_many({"f": 1, "g": 2})
def use(ctx: TaskExecutionContext) -> None:
    for key in ("a", "b", "c", "d", "e", "f", "g"):
        ctx.get_channel().get(key)
    ctx.get_channel().get_many(["a", "g"])
    ctx.get_channel().get_many(["a", "h"])  # E: Channel key "h" is read but never written  [graflow-key-unknown]

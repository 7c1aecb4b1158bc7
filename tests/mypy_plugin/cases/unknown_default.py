# Who gives a default expects that the key may be absent.

from graflow import TaskExecutionContext, TypedChannel

def use(ctx: TaskExecutionContext, numbers: TypedChannel[int]) -> None:
    ctx.get_channel().get("a", default=None)
    ctx.get_channel().get("b", 3)
    ctx.get_typed_channel(int).get("c", default=0)
    numbers.get("d", 0)
    ctx.get_channel().get("e")  # E: Channel key "e" is read but never written  [graflow-key-unknown]

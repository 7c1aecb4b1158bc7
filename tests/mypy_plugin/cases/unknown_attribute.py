# An attribute that may be a channel counts as a possible writer.

from graflow import TaskExecutionContext

class Store:
    def __init__(self, ctx: TaskExecutionContext) -> None:
        self.channel = ctx.get_channel()
    def make(self) -> None:
        self.channel.set("a", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a", "b"])  # E: Channel key "b" is read but never written  [graflow-key-unknown]

# A method under a local name writes, and so may one that is handed on.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    write = ctx.get_channel().set
    write("a", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a", "b"])  # E: Channel key "b" is read but never written  [graflow-key-unknown]

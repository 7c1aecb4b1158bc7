# A variable that may be several texts is each of them.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, flag: bool) -> None:
    key = "a" if flag else "b"
    ctx.get_channel().set(key, 1)
    other = "c"
    if flag:
        other = "d"
    ctx.get_channel().set(other, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a", "b", "c", "d", "e"])  # E: Channel key "e" is read but never written  [graflow-key-unknown]

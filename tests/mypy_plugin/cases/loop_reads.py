# A loop that reads under one key reads that key.

from graflow import TaskExecutionContext

READ = ("aad",)

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("ada", 1)
def use(ctx: TaskExecutionContext) -> None:
    for name in READ:
        ctx.get_channel().get(name)  # E: Channel key "aad" is read but never written  [graflow-key-unknown]

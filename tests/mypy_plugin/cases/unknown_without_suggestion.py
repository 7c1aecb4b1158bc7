# Where no key is like it, none is suggested.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("current_user", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("xyz")  # E: Channel key "xyz" is read but never written  [graflow-key-unknown]

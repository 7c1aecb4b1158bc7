# A key that is read and never written, with what may have been meant.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("current_user", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("curent_user")  # E: Channel key "curent_user" is read but never written; did you mean "current_user"?  [graflow-key-unknown]

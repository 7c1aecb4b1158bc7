# Where it is asked for, a default of a key that nobody writes is reported.
# options: graflow-key-default = error

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", 1)
    ctx.get_channel().get("usre", default=None)  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-default]
    ctx.get_channel().get("user", 3)

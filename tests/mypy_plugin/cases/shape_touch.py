# The time that a key has left is that of a list or a value, whatever the schema.
from graflow import TaskExecutionContext


def make(ctx: TaskExecutionContext) -> None:
    names = ctx.get_typed_channel(str)
    names.append("names", "Ada")
    names.ttl("names")
    names.touch("names", 5)
    names.persist("names")


def show(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().touch("nmaes", 5)  # E: Channel key "nmaes" is read but never written; did you mean "names"?  [graflow-key-unknown]
    ctx.get_channel().persist("nmaes")  # E: Channel key "nmaes" is read but never written; did you mean "names"?  [graflow-key-unknown]
    ctx.get_typed_channel(int).ttl("names")
    ctx.get_channel().destroy()

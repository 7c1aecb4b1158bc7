# A number that is added to is no list.

from graflow import TaskExecutionContext

def one(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().atomic_add("count")  # E: Channel key "count" is added to as a number here, but appended to in app.main.two  [graflow-key-shape]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("count", 1)  # E: Channel key "count" is appended to here, but added to as a number in app.main.one  [graflow-key-shape]

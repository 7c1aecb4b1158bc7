# A key is a value here and a list there.

from graflow import TaskExecutionContext

def one(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("logs", "started")  # E: Channel key "logs" is set here, but appended to in app.main.two  [graflow-key-shape]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("logs", "started")  # E: Channel key "logs" is appended to here, but set in app.main.one  [graflow-key-shape]
    ctx.get_channel().prepend("logs", "started")  # E: Channel key "logs" is prepended to here, but set in app.main.one  [graflow-key-shape]

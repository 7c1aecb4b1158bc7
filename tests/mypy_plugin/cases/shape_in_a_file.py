# A channel in a file that is handed over is the run's, as any other one.

from graflow import SQLiteChannel, TaskExecutionContext

def one(channel: SQLiteChannel) -> None:
    channel.set("logs", "started")  # E: Channel key "logs" is set here, but appended to in app.main.two  [graflow-key-shape]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("logs", "started")  # E: Channel key "logs" is appended to here, but set in app.main.one  [graflow-key-shape]

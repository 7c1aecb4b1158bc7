# Keys that other programs write can be declared.
# options: external_keys = rate:*, total

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["rate:eur", "total", "rates"])  # E: Channel key "rates" is read but never written  [graflow-key-unknown]

# What a computed key is set to shows what it can't be read as.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get("count")  # N: graflow: unknown keys are not judged: app/main.py:6 computes a key, perhaps "count" or "ratio"
    ctx.get_typed_channel(float).get("ratio")
    ctx.get_typed_channel(str).get("name")  # E: Channel key "name" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get("count")

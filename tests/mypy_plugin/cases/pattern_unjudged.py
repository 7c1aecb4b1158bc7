# A line that computes a key may write one with such a beginning.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext, uid: str) -> None:
    ctx.get_channel().get(f"usr:{uid}")  # N: graflow: unknown keys are not judged: app/main.py:6 computes a key, perhaps "usr:*"
    ctx.get_typed_channel(str).get(f"usr:{uid}")  # E: Channel key "usr:*" is read but never written  [graflow-key-unknown]

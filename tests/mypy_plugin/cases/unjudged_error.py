# An option makes an error of the note, for runs where nothing may go unjudged.
# options: graflow-unjudged = error

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("whatever")  # E: graflow: unknown keys are not judged: app/main.py:7 computes a key, perhaps "whatever"  [graflow-unjudged]

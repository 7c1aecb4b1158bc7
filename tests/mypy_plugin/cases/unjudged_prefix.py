# A key that is computed in part may be those with that beginning and end, and no others.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, name: str) -> None:
    ctx.get_channel().set(f"user:{name}:age", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("user:ada:age")
    ctx.get_channel().get("usr:ada:age")  # E: Channel key "usr:ada:age" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get("user:ada:aeg")  # E: Channel key "user:ada:aeg" is read but never written  [graflow-key-unknown]

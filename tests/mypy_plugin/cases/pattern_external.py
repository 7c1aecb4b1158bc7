# Keys that others write may have such a beginning.
# options: external_keys = usr:*, rate:first

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, uid: str) -> None:
    ctx.get_channel().get(f"usr:{uid}")
    ctx.get_channel().get(f"rate:{uid}")
    ctx.get_channel().get(f"rates:{uid}")  # E: Channel key "rates:*" is read but never written  [graflow-key-unknown]

# Keys with a beginning that no key has that is written.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, uid: str) -> None:
    ctx.get_channel().set(f"user:{uid}", 1)
    ctx.get_channel().set("order:first", 1)
    ctx.get_channel().set(f"logs:{uid}:today", 1)
def use(ctx: TaskExecutionContext, uid: str) -> None:
    ctx.get_channel().get(f"user:{uid}")
    ctx.get_channel().get(f"usr:{uid}")  # E: Channel key "usr:*" is read but never written; did you mean "user:*"?  [graflow-key-unknown]
    ctx.get_channel().get(f"user:{uid}:age")
    ctx.get_channel().get(f"order:{uid}")
    ctx.get_channel().get(f"orders:{uid}")  # E: Channel key "orders:*" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get(f"logs:{uid}")
    ctx.get_channel().get(f"logs:{uid}:tomorrow")  # E: Channel key "logs:*:tomorrow" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get(f"{uid}:nothing")
    ctx.get_channel().get(f"nothing{uid}")
    ctx.get_channel().delete(f"usr:{uid}")  # E: Channel key "usr:*" is deleted but never written; did you mean "user:*"?  [graflow-key-unknown]

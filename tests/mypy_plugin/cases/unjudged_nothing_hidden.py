# A key that is computed hides nothing where all keys that are read are written.

from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
    ctx.get_channel().set("known", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("known")
    ctx.get_result("load")

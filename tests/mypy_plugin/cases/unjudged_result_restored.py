# What writes anything under any key may write results.

from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1

def restore(ctx: TaskExecutionContext, saved: dict[str, object]) -> None:
    for key, value in saved.items():
        ctx.get_channel().set(key, value)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")
    ctx.get_result("laod")  # N: graflow: unknown task ids are not judged: app/main.py:11 computes a key, perhaps "laod"

# The key of a result is written by the task.

from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("load.__result__")

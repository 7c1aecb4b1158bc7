# A computed key hides a missing task only if the value may be anything.

from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_typed_channel(int).set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("laod")  # E: No task has the id "laod"; did you mean "load"?  [graflow-result]

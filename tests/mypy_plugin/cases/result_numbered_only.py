# An id with a number is not the id without it, and the other way round it may be.

from graflow import TaskExecutionContext, task

@task("load_1")
def load() -> int:
    return 1
@task
def store() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")  # E: No task has the id "load"; did you mean "load_1"?  [graflow-result]
    ctx.get_result("load_1")
    ctx.get_result("store_1")
    ctx.get_result("stroe_1")  # E: No task has the id "stroe_1"  [graflow-result]

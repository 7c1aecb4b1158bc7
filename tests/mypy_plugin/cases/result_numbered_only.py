# An id with a number is not the id without it, and the other way round it may be.

from graflow import TaskExecutionContext, task

@task("load_2")
def load() -> int:
    return 1
@task
def store() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")  # E: No task has the id "load"; did you mean "load_2"?  [graflow-result]
    ctx.get_result("load_2")
    ctx.get_result("store_2")
    ctx.get_result("store_1")  # E: No task has the id "store_1"; did you mean "store"?  [graflow-result]
    ctx.get_result("stroe_2")  # E: No task has the id "stroe_2"  [graflow-result]

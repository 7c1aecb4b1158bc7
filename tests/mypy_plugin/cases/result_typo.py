# No task has this id.

from graflow import TaskExecutionContext, task

@task
def calculate() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("calculte")  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
    ctx.get_result("xyz", default=None)  # E: No task has the id "xyz"  [graflow-result]

# A name that another package has for `task` makes tasks with the types of their functions.

# === site-packages/kit.py
from graflow import task

step = task

# === app/main.py
from graflow import TaskExecutionContext
from kit import step

@step
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
    ctx.get_result("laod")  # E: No task has the id "laod"; did you mean "load"?  [graflow-result]

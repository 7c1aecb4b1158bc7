# An id of `None` is none.

# === app/pure.py
def load() -> int:
    return 1

# === app/main.py
from app.pure import load as load_rows
from graflow import TaskExecutionContext, task

rows = task(task_id=None)(load_rows)
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
    ctx.get_result("load_rows")  # E: No task has the id "load_rows"  [graflow-result]

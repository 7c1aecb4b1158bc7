# A task has the name of its function as its id, whatever the function is called where it is made.

# === app/pure.py
def load() -> int:
    return 1

# === app/main.py
from app.pure import load as load_rows
from graflow import TaskExecutionContext, task

rows = task(load_rows)
also = load_rows
again = task(also)
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
    ctx.get_result("load_rows")  # E: No task has the id "load_rows"  [graflow-result]
    ctx.get_result("also")  # E: No task has the id "also"  [graflow-result]

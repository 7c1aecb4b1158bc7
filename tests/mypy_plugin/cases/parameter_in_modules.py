# A task is known in other modules, and what is wrong stands where it is put into a workflow.
# === app/tasks.py
from graflow import TaskExecutionContext, task


@task("load rows")
def load(rows: int) -> int:
    return rows


@task(inject_context=True, task_id="make")
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("row", 3)
# === app/more.py
from app.tasks import load

alias = load
# === app/main.py
from app import tasks
from app.more import alias
from app.tasks import load as load_rows

from graflow import workflow

with workflow("w") as wf:
    tasks.make >> load_rows  # E: Parameter "rows" of "load" is not bound here, and channel key "rows" is never written; did you mean "row"?  [graflow-key-unknown]
    tasks.make >> tasks.load  # E: Parameter "rows" of "load" is not bound here, and channel key "rows" is never written; did you mean "row"?  [graflow-key-unknown]
    tasks.make >> alias  # E: Parameter "rows" of "load" is not bound here, and channel key "rows" is never written; did you mean "row"?  [graflow-key-unknown]
    tasks.make >> tasks.load(rows=3)
    load_rows(task_id="a")  # E: Parameter "rows" of "load" is not bound here, and channel key "rows" is never written; did you mean "row"?  [graflow-key-unknown]

# A file that can't be read may write the key, or define the task.
# === scripts/broken.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("rows", 3
def

# === app/main.py
from graflow import task, workflow


@task
def load(rows: int) -> int:
    return rows


with workflow("w") as wf:
    load(task_id="a")  # E: Parameter "rows" of "load" is not bound here, and channel key "rows" is never written, unless in "scripts/broken.py", which can't be read (Python 3.11 says "'(' was never closed")  [graflow-unread]
wf.execute("b")  # E: No task has the id "b", unless in "scripts/broken.py", which can't be read (Python 3.11 says "'(' was never closed")  [graflow-unread]

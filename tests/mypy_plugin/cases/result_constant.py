# An id may be a constant.

# === app/ids.py
from typing import Final
from graflow import task

CALCULATE: Final = "calculate"
@task(id=CALCULATE)
def work() -> int:
    return 1

# === app/use.py
from graflow import TaskExecutionContext
from app import ids

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result(ids.CALCULATE))  # N: Revealed type is "int"
    ctx.get_result("work")  # E: No task has the id "work"  [graflow-result]

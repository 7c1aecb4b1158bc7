# Several tasks of one id that return the same type.

# === app/one.py
from typing import Optional
from graflow import task

@task
def load() -> Optional[int]:
    return 1

# === app/two.py
from graflow import task

@task("load")
async def other() -> "int | None":
    return 1

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int | None"

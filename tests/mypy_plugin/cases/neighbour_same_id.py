# A task of another package that has the id of one's own may be the one that is asked for.

# === site-packages/kit.py
from graflow import task

@task
def load() -> int:
    return 1

# === app/main.py
import kit
from graflow import TaskExecutionContext, task

print(kit)
@task
def load() -> str:
    return ""
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "Any"

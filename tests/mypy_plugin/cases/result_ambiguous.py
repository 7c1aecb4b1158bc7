# Several tasks of one id that return different types.

# === app/one.py
from graflow import task

@task
def load() -> int:
    return 1

# === app/two.py
from graflow import task

@task
def load() -> str:
    return ""

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("load"))  # E: Several tasks have the id "load" and return different types: app.one.load: int, app.two.load: str  [graflow-result-ambiguous]  # N: Revealed type is "Any"

# Modules that import each other.

# === app/one.py
from graflow import TaskExecutionContext, task
from app import two

@task
def first() -> int:
    return 1
def use_one(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("second"))  # N: Revealed type is "str"
    two.use_two(ctx)

# === app/two.py
from graflow import TaskExecutionContext, task
from app import one

@task
def second() -> str:
    return ""
def use_two(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("first"))  # N: Revealed type is "int"
    one.use_one(ctx)

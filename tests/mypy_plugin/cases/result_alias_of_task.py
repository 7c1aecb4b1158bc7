# The decorator by other names.

# === app/tasks.py
from graflow import task
import graflow
import graflow as g
from graflow import task as step

@step
def one() -> int:
    return 1
@graflow.task("2")
def two() -> str:
    return ""
@g.task
def three() -> float:
    return 1.0

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("one"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("2"))  # N: Revealed type is "str"
    reveal_type(ctx.get_result("three"))  # N: Revealed type is "float"

# An id that is written down has its type, though other tasks have ids of which nothing is known.

from typing import Any
from graflow import TaskExecutionContext, task

def my_task(function: Any) -> Any:
    return task(function)
@my_task
def work() -> int:
    return 1
@task
def calculate() -> int:
    return 1
def make(name: str) -> None:
    task(f"load_{name}")(calculate.run)
@task
def load_2() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("calculate"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("load_2"))  # N: Revealed type is "Any"
    ctx.get_result("whatever")  # N: graflow: unknown task ids are not judged: app/main.py:7 computes the id of a task, perhaps "whatever"

# Where tasks are made by a function of one's own, any id may be one.

from typing import Any
from graflow import TaskExecutionContext, task

def my_task(function: Any) -> Any:
    return task(function)
@my_task
def work() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("work")  # N: graflow: unknown task ids are not judged: app/main.py:7 computes the id of a task, perhaps "whatever" or "work"
    ctx.get_result("whatever")

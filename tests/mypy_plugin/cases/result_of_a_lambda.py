# What is made on the way has a name that nothing is known about.

from functools import wraps
from typing import Any, Callable
from graflow import TaskExecutionContext, task

def timed(function: Callable[[], int]) -> Callable[[], int]:
    def wrapper() -> int:
        return function()
    return wrapper
def load() -> int:
    return 1
timed_load = timed(load)
task(timed_load)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("wrapper")  # N: graflow: unknown task ids are not judged: app/main.py:14 computes the id of a task, perhaps "wrapper"

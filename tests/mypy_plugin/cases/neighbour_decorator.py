# A decorator of another package may make tasks.

# === site-packages/kit/__init__.py
from kit.steps import step as step

# === site-packages/kit/steps.py
from collections.abc import Callable
from typing import TypeVar
from graflow import task

R = TypeVar("R")

def step(function: Callable[[], R]) -> object:
    return task(function)

# === app/main.py
from graflow import TaskExecutionContext
from kit import step

@step
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")  # N: graflow: unknown task ids are not judged: site-packages/kit/steps.py:8 computes the id of a task, perhaps "load"

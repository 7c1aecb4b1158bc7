# What never mentions the library makes no tasks and writes no keys.

# === site-packages/far.py
from collections.abc import Callable

def task(function: Callable[[], int]) -> Callable[[], int]:
    return function

# === app/main.py
import far
from graflow import TaskExecutionContext

@far.task
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")  # E: No task has the id "load"  [graflow-result]
    ctx.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]

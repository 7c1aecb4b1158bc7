# What a function of another package calls itself is unknown, and so is the name of what is made.

# === site-packages/kit.py
def load() -> int:
    return 1

load.__name__ = "fetch"

# === app/main.py
import kit
from functools import partial
from kit import load as load_rows
from graflow import TaskExecutionContext, task

rows = task(load_rows)
more = task(kit.load)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")  # N: graflow: unknown task ids are not judged: app/main.py:6 computes the id of a task (as 1 more line does), perhaps "fetch" or "load"
    ctx.get_result("fetch")

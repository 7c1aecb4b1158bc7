# Each top folder has a note of its own, as mypy may be asked to check just one.

# === scripts/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
    ctx.get_channel().get("a")

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("b")  # N: graflow: unknown keys are not judged: scripts/use.py:4 computes a key, perhaps "b"

# There is one note, at the first of the reads; it counts what else there is.

# === app/make.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
    ctx.get_channel().append(key.upper(), 1)
    ctx.get_channel().atomic_add(key + key)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("d")
    ctx.get_channel().get("c")
    ctx.get_channel().get("b")
    ctx.get_channel().get("b")

# === app/also.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # N: graflow: unknown keys are not judged: app/make.py:4 computes a key (as 2 more lines do), perhaps "a" or "b" or "c" or 1 more

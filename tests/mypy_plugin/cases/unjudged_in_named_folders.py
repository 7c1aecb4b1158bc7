# Where the folders of the program are named, there is one note.
# options: paths = app, other

# === other/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
    ctx.get_channel().get("b")

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # N: graflow: unknown keys are not judged: other/use.py:4 computes a key, perhaps "a" or "b"

# A folder that mypy has no name for is scanned, and so is everything beside it.

# === my-tools/__init__.py

# === my-tools/make.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("tool", 1)

# === my-tools/inner/make.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("inner", 1)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("tool")
    ctx.get_channel().get("inner")
    ctx.get_channel().get("three")  # E: Channel key "three" is read but never written  [graflow-key-unknown]

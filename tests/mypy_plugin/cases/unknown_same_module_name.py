# Files of one name in several folders count, each with its own constants.

# === one/main.py
from graflow import TaskExecutionContext

KEY = "one"
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set(KEY, 1)

# === two/main.py
from graflow import TaskExecutionContext

KEY = "two"
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set(KEY, 1)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("one")
    ctx.get_channel().get("two")
    ctx.get_channel().get("three")  # E: Channel key "three" is read but never written  [graflow-key-unknown]

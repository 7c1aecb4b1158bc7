# A file that is left out is neither judged nor asked.
# options: exclude = test_

# === app/test_use.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("a", 1)
    ctx.get_channel().get("b")

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # E: Channel key "a" is read but never written  [graflow-key-unknown]

# What another package imports counts as well, and so does a name that it passes on.

# === site-packages/kit.py
from deep import make as make
from graflow import task as step

# === site-packages/deep.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("deep", 1)

# === app/main.py
from graflow import TaskExecutionContext
from kit import make

def use(ctx: TaskExecutionContext) -> None:
    make(ctx)
    ctx.get_channel().get("deep")

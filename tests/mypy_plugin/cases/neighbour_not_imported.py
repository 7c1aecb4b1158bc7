# What is installed, but imported nowhere, has nothing to do with the program.

# === site-packages/kit.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)

# === app/main.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]

# The key may be in a list of arguments.

# === app/register.py
from typing import Any

def add(channel: Any, pair: list[Any]) -> None:
    channel.append(*pair)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("key")  # N: graflow: unknown keys are not judged: app/register.py:4 computes a key, perhaps "key"

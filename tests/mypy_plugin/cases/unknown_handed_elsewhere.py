# A method is handed on in a file that says nothing else of channels.

# === app/register.py
from collections.abc import Callable
from graflow import Channel

def register(channel: Channel, writers: list[Callable[..., None]]) -> None:
    writers.append(channel.set)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("key")  # N: graflow: unknown keys are not judged: app/register.py:5 hands on a method that may write any key, perhaps "key"

# A key may look like the end of a call, in a file that has nothing else of interest.
# === app/read.py
from graflow import task
from graflow.core.context import TaskExecutionContext


@task(inject_context=True)
def look(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get(":)")
    ctx.get_channel().get("(:")
    ctx.get_channel().get("a, (b)")
    ctx.get_channel().get("):")  # E: Channel key "):" is read but never written  [graflow-key-unknown]


# === app/write.py
from app.holder import held


def fill() -> None:
    held.channel.set(":)", 1)


# === app/write_more.py
from app.holder import held


def fill() -> None:
    held.channel.append('(:', [1])
    held.channel.set("a, (b)", len("()"))


# === app/holder.py
from typing import Any

held: Any = None

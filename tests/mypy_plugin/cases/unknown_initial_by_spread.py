# What is unpacked into the arguments may be what a run starts with.

from typing import Any
from graflow import TaskExecutionContext, workflow

def run(*given: Any) -> None:
    with workflow("w") as wf:
        wf.execute(*given)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("seed")  # N: graflow: unknown keys are not judged: app/main.py:8 starts a run with keys that are computed, perhaps "seed"

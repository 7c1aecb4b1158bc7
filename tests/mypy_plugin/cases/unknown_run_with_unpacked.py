# What is unpacked into the arguments may be what a run starts with, or goes on with.

# === app/start.py
from typing import Any
from graflow import Workflow

def start(wf: Workflow, **given: Any) -> None:
    wf.run(checkpoint="run.json", **given)

# === app/main.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("seed")  # N: graflow: unknown keys are not judged: app/start.py:5 starts a run with keys that are computed, perhaps "seed"

# A run whose arguments come in a dictionary may start with any key.

from typing import Any
from graflow import TaskExecutionContext, workflow

def run(options: dict[str, Any]) -> None:
    with workflow("w") as wf:
        wf.execute(**options)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("second")  # N: graflow: unknown keys are not judged: app/main.py:8 starts a run with keys that are computed, perhaps "second"

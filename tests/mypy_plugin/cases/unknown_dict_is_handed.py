# A dictionary that a function gets may come back with any keys, and so may arguments in a dictionary.

from typing import Any
from graflow import TaskExecutionContext, workflow

def fill(values: dict[str, Any]) -> None:
    values["second"] = 1
def run(ctx: TaskExecutionContext) -> None:
    values: dict[str, Any] = {"first": 1}
    fill(values)
    with workflow("w") as wf:
        wf.execute(initial_channel=values)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("second")  # N: graflow: unknown keys are not judged: app/main.py:12 starts a run with keys that are computed, perhaps "second"

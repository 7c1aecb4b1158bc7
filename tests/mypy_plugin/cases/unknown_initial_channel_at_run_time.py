# What a run starts with may be anything.

from graflow import TaskExecutionContext, workflow

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("numbr")  # N: graflow: unknown keys are not judged: app/main.py:9 starts a run with keys that are computed, perhaps "numbr"
def run(given: dict[str, int]) -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel=given)

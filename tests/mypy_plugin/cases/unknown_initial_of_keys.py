# `dict.fromkeys`, `zip` and a list of pairs give a dictionary as well.

from graflow import TaskExecutionContext, workflow

def run(names: list[str]) -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel=dict.fromkeys(names, 0))
        wf.execute(initial_channel=dict(zip(names, names, strict=True)))
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("a")  # N: graflow: unknown keys are not judged: app/main.py:7 starts a run with keys that are computed (as 1 more line does), perhaps "a"

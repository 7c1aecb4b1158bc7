# Where keys are computed, or values come from elsewhere, any parameter may have one.
from graflow import TaskExecutionContext, task, workflow


@task
def load(rows: int, source: str) -> int:
    return rows


@task
def store(target: str) -> None: ...


def run(values: dict[str, object]) -> None:
    with workflow("w") as wf:
        load >> store  # N: graflow: unknown keys are not judged: app/main.py:17 starts a run with keys that are computed, perhaps "rows" or "source" or "target"
    wf.execute(initial_channel=values)

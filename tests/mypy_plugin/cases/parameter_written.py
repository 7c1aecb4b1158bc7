# A run may be started with the values of parameters.
from graflow import TaskExecutionContext, task, workflow


@task
def load(rows: int, source: str) -> int:
    return rows


@task
def store(rows: list[str], lode: int) -> None: ...


with workflow("w") as wf:
    load >> store  # E: Parameter "lode" of "store" is not bound here, and channel key "lode" is never written  [graflow-key-unknown]
wf.execute(initial_channel={"rows": 3, "source": "api"})

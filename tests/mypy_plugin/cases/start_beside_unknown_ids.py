# Where ids are computed, a task that nobody sees may have any id.
from graflow import task, workflow


@task
def load(source: str) -> int:
    return 42


def run(name: str) -> None:
    with workflow("w") as wf:
        load(source="api", task_id=name)
    wf.execute("lod")

# A task that is called without an id gets a number.
from graflow import task, workflow


@task
def load(source: str) -> int:
    return 42


with workflow("w") as wf:
    load("api") >> load("db")

wf.execute("load_1")
wf.execute("lod_1")  # E: No task has the id "lod_1"  [graflow-result]

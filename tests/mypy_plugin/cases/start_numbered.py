# A task that is called twice has its own id, and one with a number.
from graflow import task, workflow


@task
def load(source: str) -> int:
    return 42


with workflow("w") as wf:
    load("api") >> load("db")

wf.execute("load")
wf.execute("load_2")
wf.execute("load_1")  # E: No task has the id "load_1"; did you mean "load"?  [graflow-result]
wf.execute("load_02")  # E: No task has the id "load_02"; did you mean "load"?  [graflow-result]
wf.execute("lod_2")  # E: No task has the id "lod_2"  [graflow-result]

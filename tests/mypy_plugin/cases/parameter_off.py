# The code can be turned off, and a line can be told to be right.
# options: graflow-key-unknown = off
from graflow import TaskExecutionContext, task, workflow


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("limit", "three")  # E: Channel key "limit" is used as "str" here, but as "int" in app.main.load  [graflow-key-type]


@task
def load(rows: int, limit: int) -> int:
    return rows


with workflow("w") as wf:
    make >> load  # E: Channel key "limit" is used as "int" here by a parameter that is not bound, but as "str" in app.main.make  [graflow-key-type]
    make >> load(rows=3)  # type: ignore[graflow-key-type]

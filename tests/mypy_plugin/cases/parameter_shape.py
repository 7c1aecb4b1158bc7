# A parameter is a single value or a list, as its key is.
from graflow import TaskExecutionContext, task, workflow


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("rows", 3)  # E: Channel key "rows" is appended to here, but read as a parameter in app.main.load  [graflow-key-shape]
    ctx.get_channel().append("names", "Ada")
    ctx.get_channel().atomic_add("count", 1)


@task
def load(rows: int, names: list[str], count: int) -> int:
    return rows


with workflow("w") as wf:
    make >> load  # E: Channel key "rows" is read as a parameter here, but appended to in app.main.make  [graflow-key-shape]

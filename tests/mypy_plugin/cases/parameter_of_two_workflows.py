# Parameters of one name are no contradiction: each may be filled in another run, or not at all.
from graflow import TaskExecutionContext, task, workflow


@task
def load(limit: int = 10, rows: int = 3) -> int:
    return rows


@task(inject_context=True)
def store(ctx: TaskExecutionContext, limit: str = "all", rows: str = "") -> None:
    ctx.get_channel().set("rows", "three")
    ctx.get_channel().set("maybe", None)


@task
def show(maybe: int, rows: bytes) -> None: ...


with workflow("one") as one:
    load >> load(task_id="again")
one.execute(initial_channel={"rows": 3})

with workflow("two") as two:
    store >> show
    store(task_id="again", limit="some")

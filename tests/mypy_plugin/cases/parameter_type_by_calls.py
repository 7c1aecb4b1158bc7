# Only where a call leaves a parameter out, a run reads it.
from graflow import TaskExecutionContext, chain, parallel, task, workflow


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("rows", "three")
    ctx.get_channel().set("pages", "three")  # E: Channel key "pages" is used as "str" here, but as "int" in app.main.crawl  [graflow-key-type]
    ctx.get_channel().set("limit", "three")  # E: Channel key "limit" is used as "str" here, but as "int" in app.main.stop  [graflow-key-type]


@task(inject_context=True)
def load(ctx: TaskExecutionContext, rows: int) -> int:
    return rows


@task
def crawl(source: str, pages: int) -> int:
    return pages


@task
def stop(*, limit: int) -> None: ...


with workflow("w") as wf:
    chain(make, load(rows=3), crawl("api", 3), stop(limit=1))
    load(4, task_id="positional")
    load(task_id="named", rows=4)
    parallel(*(load(task_id=f"load_{n}", rows=n) for n in range(3)))
    make >> crawl("api", task_id="left out", pages=1)
    crawl("api", task_id="one is missing")  # E: Channel key "pages" is used as "int" here by a parameter that is not bound, but as "str" in app.main.make  [graflow-key-type]
    chain(make, crawl("api"))  # E: Channel key "pages" is used as "int" here by a parameter that is not bound, but as "str" in app.main.make  [graflow-key-type]
    stop(task_id="stop")  # E: Channel key "limit" is used as "int" here by a parameter that is not bound, but as "str" in app.main.make  [graflow-key-type]
    stop(task_id="stop", limit=3)

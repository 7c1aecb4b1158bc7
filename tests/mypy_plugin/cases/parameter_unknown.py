# A parameter that is neither bound nor written has no value.
from graflow import TaskExecutionContext, chain, parallel, task, workflow


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("rows", 3)
    ctx.get_channel().set("page", 3)


@task
def load(rows: int, source: str, limit: int = 10) -> int:
    return rows


@task(inject_context=True)
def fetch(ctx: TaskExecutionContext, pages: int) -> int:
    return pages


@task
def nothing() -> None: ...


with workflow("w") as wf:
    make >> load  # E: Parameter "source" of "load" is not bound here, and channel key "source" is never written  [graflow-key-unknown]
    load(source="api") >> nothing
    load(task_id="a")  # E: Parameter "source" of "load" is not bound here, and channel key "source" is never written  [graflow-key-unknown]
    load(task_id="b", source="api")
    load(3, "api", task_id="c")
    nothing | fetch  # E: Parameter "pages" of "fetch" is not bound here, and channel key "pages" is never written; did you mean "page"?  [graflow-key-unknown]
    chain(make, fetch, nothing)  # E: Parameter "pages" of "fetch" is not bound here, and channel key "pages" is never written; did you mean "page"?  [graflow-key-unknown]
    parallel(fetch(task_id="d"), fetch(pages=3))  # E: Parameter "pages" of "fetch" is not bound here, and channel key "pages" is never written; did you mean "page"?  [graflow-key-unknown]
    fetch(task_id="e", pages=3)
wf.execute()

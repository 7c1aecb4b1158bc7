# What a run starts with is compared with typed reads, and with the parameters that its module leaves unbound.

from graflow import TaskExecutionContext, task, workflow

@task
def load(rows: int, soruce: str) -> int:
    return rows

@task(inject_context=True)
def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get("count")  # E: Channel key "count" is used as "int" here, but as "str" in app.main  [graflow-key-type]

with workflow("w") as wf:
    load >> show  # E: Parameter "soruce" of "load" is not bound here, and channel key "soruce" is never written; did you mean "source"?  [graflow-key-unknown]
wf.execute(initial_channel={"rows": "three", "count": "three", "source": "here"})  # E: Channel key "count" is used as "str" here, but as "int" in app.main.show  [graflow-key-type]  # E: Channel key "rows" is used as "str" here, but as "int" in app.main.load by a parameter that is not bound  [graflow-key-type]

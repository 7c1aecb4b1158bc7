# The tasks of another package have ids and write keys, of unknown types.

# === site-packages/kit.py
from graflow import TaskExecutionContext, task

@task(task_id="rows", inject_context=True)
def load_rows(ctx: TaskExecutionContext) -> int:
    ctx.get_channel().set("count", 1)
    ctx.get_typed_channel(int).get("total")
    return 1

# === app/main.py
from graflow import TaskExecutionContext, workflow
from kit import load_rows

def run() -> None:
    with workflow("w") as wf:
        wf.execute(load_rows)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("count")
    ctx.get_channel().set("total", "text")
    reveal_type(ctx.get_result("rows"))  # N: Revealed type is "Any"
    ctx.get_channel().get("coutn")  # E: Channel key "coutn" is read but never written; did you mean "count"?  [graflow-key-unknown]
    ctx.get_result("load_rows")  # E: No task has the id "load_rows"  [graflow-result]

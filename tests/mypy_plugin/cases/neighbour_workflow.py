# Of the run of a workflow of another package nothing is known.

# === site-packages/kit.py
from graflow import Task, Workflow, task, workflow

def build(names: tuple[str, ...] = ("total",)) -> Workflow:
    with workflow("kit") as wf:
        pass
    return wf

# === app/main.py
import kit
from graflow import TaskExecutionContext, task
from kit import build

@task
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    build().execute(ret_context=True)[1].get_result("total")
    kit.build().execute(ret_context=True)[1].get_channel().get("total")
    _, context = kit.build().execute(ret_context=True)
    context.get_result("total")
    flow = build()
    flow.execute(ret_context=True)[1].get_result("total")
    ctx.get_result("total")  # E: No task has the id "total"  [graflow-result]

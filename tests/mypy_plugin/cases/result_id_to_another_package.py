# Who gets a task and an id may give the task that id.

# === site-packages/kit.py
def spawn(given: object, task_id: str) -> None: ...

# === app/main.py
from graflow import TaskExecutionContext, task
from kit import spawn

@task
def crawl() -> int:
    return 1
spawn(crawl, task_id="deep")
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("deep")
    ctx.get_result("deepest")  # E: No task has the id "deepest"; did you mean "deep"?  [graflow-result]

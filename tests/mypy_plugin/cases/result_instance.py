# Instances of a task have ids of their own.

# === app/tasks.py
from graflow import task

@task
def fetch(source: str) -> float:
    return 1.0

# === app/run.py
from graflow import chain, workflow
from app.tasks import fetch

def run(names: list[str]) -> None:
    with workflow("w") as wf:
        chain(fetch(task_id="fetch_a", source="a"), fetch(source="b"))
        for name in names:
            fetch(task_id=f"from {name}", source=name)
        wf.execute()

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("fetch_a"))  # N: Revealed type is "float"
    reveal_type(ctx.get_result("fetch"))  # N: Revealed type is "float"
    reveal_type(ctx.get_result("fetch_2"))  # N: Revealed type is "float"
    reveal_type(ctx.get_result("from b"))  # N: Revealed type is "float"
    ctx.get_result("fetch_b")  # E: No task has the id "fetch_b"; did you mean "fetch_a"?  [graflow-result]

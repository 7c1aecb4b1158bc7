# A task that only another service has is known, but not its type.

# === services/billing/billing/__init__.py

# === services/billing/billing/tasks.py
from graflow import task

@task
def there() -> str:
    return ""

# === app/main.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("there"))  # N: Revealed type is "Any"
    ctx.get_result("nowhere")  # E: No task has the id "nowhere"  [graflow-result]

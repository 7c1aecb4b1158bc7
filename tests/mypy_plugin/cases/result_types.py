# The result of a task by its id has the type that its function returns.

# === app/tasks.py
from typing_extensions import TypedDict
from graflow import TaskExecutionContext, task

@task
def count() -> int:
    return 1
@task("by position")
def named() -> User:
    return {"name": "Ada"}
@task(id="by name", inject_context=True)
def injected(ctx: TaskExecutionContext) -> list[int]:
    return []
@task
async def later() -> str:
    return ""
@task
def unannotated():  # type: ignore[no-untyped-def]
    return 1
class User(TypedDict):
    name: str

# === app/use.py
from graflow import ExecutionContext, TaskExecutionContext, task

def use(ctx: TaskExecutionContext, given: ExecutionContext) -> None:
    reveal_type(ctx.get_result("count"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("by position"))  # N: Revealed type is "TypedDict(app.tasks.User, {'name': str})"
    reveal_type(given.get_result("by name"))  # N: Revealed type is "list[int]"
    reveal_type(ctx.get_result(task="later"))  # N: Revealed type is "str"
    reveal_type(ctx.get_result("unannotated"))  # N: Revealed type is "Any"

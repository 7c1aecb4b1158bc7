# Tasks inside functions are typed as well.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext, task, workflow

class User(TypedDict):
    name: str


def run() -> None:
    @task
    def inner() -> User | None:
        return None
    with workflow("w") as wf:
        inner()
        wf.execute()
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("inner"))  # N: Revealed type is "TypedDict(app.main.User, {'name': str}) | None"

# An id computed at run time may be any id.

from graflow import TaskExecutionContext, task

def make(name: str) -> None:
    @task(id=name)
    def work() -> int:
        return 1
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("whatever"))  # N: Revealed type is "int"  # N: graflow: unknown task ids are not judged: app/main.py:7 computes the id of a task, perhaps "whatever"

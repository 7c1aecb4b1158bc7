# A task in place of its id is typed by the library.

from graflow import TaskExecutionContext, task

@task
def count() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result(count))  # N: Revealed type is "int"
    reveal_type(ctx.get_result(count, default=None))  # N: Revealed type is "int | None"

# A default adds its own type.

from graflow import TaskExecutionContext, task

@task
def count() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("count", default=None))  # N: Revealed type is "int | None"
    reveal_type(ctx.get_result("count", ""))  # N: Revealed type is "int | str"
    reveal_type(ctx.get_result("count", default=0))  # N: Revealed type is "int"

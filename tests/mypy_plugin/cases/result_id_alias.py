# The id of a task is its `task_id`, or `id` for short.

from graflow import TaskExecutionContext, task

step = task


@task(task_id="first")
def one() -> int:
    return 1


@task(id="second")
def two() -> str:
    return ""


@step(task_id="third", inject_context=True)
def three(ctx: TaskExecutionContext) -> bytes:
    return b""


def plain() -> float:
    return 1.0


fourth = task(task_id="fourth")(plain)
fifth = task(id="fifth")(plain)


def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("first"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("second"))  # N: Revealed type is "str"
    reveal_type(ctx.get_result("third"))  # N: Revealed type is "bytes"
    reveal_type(ctx.get_result("fourth"))  # N: Revealed type is "float"
    reveal_type(ctx.get_result("fifth"))  # N: Revealed type is "float"
    ctx.get_result("one")  # E: No task has the id "one"  [graflow-result]

# An atomic task is a task as any other.
from graflow import TaskExecutionContext, task

atomic = task(atomic=True)


@task(atomic=True)
def calculate() -> int:
    return 42


@task("by name", inject_context=True, atomic=True, max_retries=2)
def named(ctx: TaskExecutionContext, source: str) -> str:
    ctx.get_channel().set("total", 1)
    return source


@atomic
def aliased() -> bytes:
    return b""


def show(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("calculate"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("by name"))  # N: Revealed type is "str"
    reveal_type(ctx.get_result("aliased"))  # N: Revealed type is "bytes"
    reveal_type(ctx.get_result(named))  # N: Revealed type is "str"
    ctx.get_result("calculte")  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
    ctx.get_channel().get("totl")  # E: Channel key "totl" is read but never written; did you mean "total"?  [graflow-key-unknown]

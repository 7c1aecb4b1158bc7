# A decorator of a package that isn't there may make a task of the name of the function.

from nowhere import retry, step  # type: ignore[import-not-found]
from functools import cache

from graflow import TaskExecutionContext, workflow

@step  # E: Untyped decorator makes function "first" untyped  [untyped-decorator]
def first() -> int:
    return 1
@retry(times=3)  # E: Untyped decorator makes function "second" untyped  [untyped-decorator]
def second() -> int:
    return 1
@cache
def third() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("first")
    ctx.get_result("second")
    ctx.get_result("third")  # E: No task has the id "third"  [graflow-result]
    ctx.get_result("fist")  # E: No task has the id "fist"  [graflow-result]
    workflow("w").execute("first")
    workflow("w").execute("third")  # E: No task has the id "third"  [graflow-result]

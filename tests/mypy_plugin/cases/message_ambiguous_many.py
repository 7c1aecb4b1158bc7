# Tasks of one id are listed with their types, as far as that is readable.

from typing import Optional

from graflow import TaskExecutionContext, task

@task("load")
def one() -> int:
    return 1
@task("load")
def two() -> Optional[str]:
    return ""
@task("load")
async def three() -> list[dict[str, int]]:
    return []
@task("load")
def four() -> tuple[int, str]:
    return 1, ""
@task("load")
def five() -> None:
    return None
@task("load")
def six() -> float:
    return 1.0
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("load")  # E: Several tasks have the id "load" and return different types: app.main.five: None, app.main.four: tuple[int, str], app.main.one: int, app.main.six: float, app.main.three: list[dict[str, int]], and 1 more  [graflow-result-ambiguous]

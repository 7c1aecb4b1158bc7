# What is unpacked into `partial` may have an id in it.

from functools import partial
from typing import Any
from graflow import TaskExecutionContext, task

@task
def crawl() -> int:
    return 1
def again(options: dict[str, Any]) -> Any:
    return partial(crawl, **options)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_result("whatever")  # N: graflow: unknown task ids are not judged: app/main.py:11 computes the id of a task, perhaps "whatever"

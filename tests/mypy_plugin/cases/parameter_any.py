# What has no annotation, or one that says nothing, may be anything.
from typing import Any, TypeVar

from graflow import TaskExecutionContext, task, workflow

T = TypeVar("T")


class Connection: ...


@task(inject_context=True)
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("rows", 3)
    ctx.get_channel().set("other", 3)
    ctx.get_channel().set("value", 3)
    ctx.get_channel().set("none", None)


@task
def load(rows, other: Any, value: T, none: int | None) -> T:  # type: ignore[no-untyped-def]
    return value


with workflow("w") as wf:
    make >> load

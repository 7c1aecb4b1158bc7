# The result of a function with type variables is known if it does not depend on them.

from collections.abc import Sequence
from typing import TypeVar

from graflow import TaskExecutionContext, task

T = TypeVar("T")

@task
def count(items: Sequence[T]) -> int:
    return len(items)
@task
def first(items: Sequence[T]) -> T:
    return items[0]
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("count"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("first"))  # N: Revealed type is "Any"

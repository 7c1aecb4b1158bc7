# The arguments of generic classes are not compared.

from typing import Generic, TypeVar
from typing_extensions import TypedDict
from graflow import TaskExecutionContext

T = TypeVar("T")
class Page(TypedDict, Generic[T]):
    items: list[T]
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Page[int]).set("k", {"items": [1]})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Page[int]).get("k")

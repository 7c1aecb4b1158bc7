# A default takes its type from where the result goes, as it does with `TypedChannel.get`.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext, task

class Item(TypedDict):
    name: str


@task
def names() -> list[str]:
    return []
@task
def item() -> Item:
    return {"name": ""}
def use(ctx: TaskExecutionContext) -> None:
    a: list[str] = ctx.get_result("names", default=[])
    b: Item = ctx.get_result("item", {"name": "tea"})
    c: list[str] = ctx.get_result("names", default=[1])  # E: List item 0 has incompatible type "int"; expected "str"  [list-item]
    reveal_type(ctx.get_result(default="", task="names"))  # N: Revealed type is "list[str] | str"

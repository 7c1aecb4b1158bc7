# A default takes its type from where the value goes.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class Item(TypedDict):
    name: str


class State(TypedDict):
    logs: list[str]
    item: Item


def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    state.set_all({"logs": [], "item": {"name": ""}})
    a: list[str] = state.get("logs", [])
    b: Item = state.get("item", {"name": "tea"})
    c: Item = state.get("item", {"nme": "tea"})  # E: Extra key "nme" for TypedDict "Item"  [typeddict-unknown-key]  # E: Missing key "name" for TypedDict "Item"  [typeddict-item]
    reveal_type(state.get("logs", default=[]))  # N: Revealed type is "list[str]"
    reveal_type(state.pop("logs", "none"))  # N: Revealed type is "str"

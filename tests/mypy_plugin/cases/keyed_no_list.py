# Only lists have the operations of lists; what is refused here has no say elsewhere.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class Item(TypedDict):
    name: str


class State(TypedDict):
    count: int
    item: Item
    perhaps: list[int] | None
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_keyed_channel(State).set("count", 1)
    ctx.get_keyed_channel(State).append("count", 3)  # E: Channel key "count" of "State" is not a list  [graflow-key-shape]
    ctx.get_keyed_channel(State).pop("count")  # E: Channel key "count" of "State" is not a list  [graflow-key-shape]
    ctx.get_keyed_channel(State).append("item", {"name": ""})  # E: Channel key "item" of "State" is not a list  [graflow-key-shape]
    ctx.get_keyed_channel(State).append("perhaps", 3)  # E: Channel key "perhaps" of "State" is not a list  [graflow-key-shape]

# Only lists have the operations of lists.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class State(TypedDict):
    count: int
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_keyed_channel(State).append("count", 3)  # E: Channel key "count" of "State" is no list  [graflow-key-shape]
    ctx.get_keyed_channel(State).pop("count")  # E: Channel key "count" of "State" is no list  [graflow-key-shape]

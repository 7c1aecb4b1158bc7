# A ReadOnly key can be read, and not changed.

from typing_extensions import ReadOnly, TypedDict
from graflow import TaskExecutionContext

class State(TypedDict):
    limit: ReadOnly[int]
    rows: ReadOnly[list[int]]
def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    reveal_type(state.get("limit", 0))  # N: Revealed type is "int"
    state.set("limit", 3)  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]
    state.delete("limit")  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]
    state.append("rows", 3)  # E: Channel key "rows" of "State" is read-only  [graflow-key-shape]
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("limit", 1)

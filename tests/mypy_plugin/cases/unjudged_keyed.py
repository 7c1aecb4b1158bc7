# A computed key of a keyed channel is one of the keys of its schema.

from typing import TypedDict

from graflow import TaskExecutionContext

class State(TypedDict):
    count: int
    name: str

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_keyed_channel(State).set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("count")
    ctx.get_keyed_channel(State).get("name")
    ctx.get_channel().get("cuont")  # E: Channel key "cuont" is read but never written; did you mean "count"?  [graflow-key-unknown]

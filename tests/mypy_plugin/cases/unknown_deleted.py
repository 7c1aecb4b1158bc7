# A key that nobody writes is there neither to delete nor to look for.

from typing import TypedDict

from graflow import TaskExecutionContext

class State(TypedDict):
    count: int

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", 1)
    ctx.get_channel().append("logs", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().delete("usre")  # E: Channel key "usre" is deleted but never written; did you mean "user"?  [graflow-key-unknown]
    ctx.get_channel().exists("usre")  # E: Channel key "usre" is looked for but never written; did you mean "user"?  [graflow-key-unknown]
    ctx.get_typed_channel(int).delete("usre")  # E: Channel key "usre" is deleted but never written; did you mean "user"?  [graflow-key-unknown]
    ctx.get_channel().delete("user")
    ctx.get_channel().exists("logs")
    ctx.get_typed_channel(str).exists("user")
    ctx.get_keyed_channel(State).exists("count")
    ctx.get_keyed_channel(State).delete("count")
def other(path: "Store") -> None:
    path.delete("nowhere")
    path.exists("nowhere")
class Store:
    def delete(self, key: str) -> None: ...
    def exists(self, key: str) -> bool: ...

# Where a class has a `get_channel()` of its own, what is unknown may be of that class.

from typing import Any
from graflow import TaskExecutionContext

class Client:
    def get_channel(self) -> Any: ...
class Service:
    def __init__(self) -> None:
        self.client = Client()
    def tune(self, other: Any) -> None:
        self.client.get_channel().set("count", "text")
        other.get_channel().append("count", 1)
        self.client.get_channel().set("written", "text")
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("count", 1)
    ctx.get_typed_channel(int).get("count")
    ctx.get_channel().get("written")
    ctx.get_channel().get("unwritten")  # E: Channel key "unwritten" is read but never written; did you mean "written"?  [graflow-key-unknown]

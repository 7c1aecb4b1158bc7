# An `InitVar` of a dataclass is not stored.

from dataclasses import InitVar, dataclass, field
from graflow import TaskExecutionContext
from typing_extensions import TypedDict

class Row(TypedDict):
    name: str
@dataclass
class User:
    name: str
    greeting: InitVar[str] = "hello"
class Wide(TypedDict):
    name: str
    greeting: str
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("user", User("Ada"))
    ctx.get_typed_channel(Row).get("user")
    ctx.get_typed_channel(Row).set("row", {"name": "Ada"})
    ctx.get_typed_channel(User).get("row")

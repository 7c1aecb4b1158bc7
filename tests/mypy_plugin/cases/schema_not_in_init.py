# A field that is not in `__init__` is stored, but a reader need not be given it.

from dataclasses import dataclass, field
from graflow import TaskExecutionContext
from typing_extensions import TypedDict

class Row(TypedDict):
    name: str
class Wide(TypedDict):
    name: str
    upper: str
@dataclass
class User:
    name: str
    upper: str = field(init=False)
    def __post_init__(self) -> None:
        self.upper = self.name.upper()
@dataclass
class Perhaps:
    name: str
    upper: str = field(init=len("ab") > 2, default="")
@dataclass
class Twice:
    name: str
    upper: str = field(init=False, default="")
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", {"name": "Ada"})
    ctx.get_typed_channel(User).get("row")
    ctx.get_typed_channel(Twice).get("row")
    ctx.get_typed_channel(Perhaps).get("row")
    ctx.get_typed_channel(User).set("user", User("Ada"))
    ctx.get_typed_channel(User).get("user")
    ctx.get_typed_channel(Row).get("user")
def wide(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Wide).set("wide", {"name": "Ada", "upper": "ADA"})  # E: Channel key "wide" is used as "Wide" here, but as "User" in app.main.wide  [graflow-key-type]
    ctx.get_typed_channel(User).get("wide")  # E: Channel key "wide" is used as "User" here, but as "Wide" in app.main.wide  [graflow-key-type]

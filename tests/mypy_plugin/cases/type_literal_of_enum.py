# A member of an enum is kept as its value, which may be any; members of one enum differ.

from enum import Enum
from typing import Any, Literal
from graflow import TaskExecutionContext

class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def make(ctx: TaskExecutionContext, value: Any) -> None:
    ctx.get_typed_channel(Literal[Colour.RED]).set("text", value)
    ctx.get_typed_channel(Literal[Colour.RED]).set("list", value)
    ctx.get_typed_channel(Literal[Colour.RED]).set("one", value)
    ctx.get_typed_channel(Literal[Colour.RED]).set("other", value)  # E: Channel key "other" is used as "Literal[Colour.RED]" here, but as "Literal[Colour.BLUE]" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal["red"]).set("back", value)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Literal["red"]).get("text")
    ctx.get_typed_channel(list[str]).get("list")
    ctx.get_typed_channel(Literal[Colour.BLUE, Colour.RED]).get("one")
    ctx.get_typed_channel(Literal[Colour.BLUE]).get("other")  # E: Channel key "other" is used as "Literal[Colour.BLUE]" here, but as "Literal[Colour.RED]" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Literal[Colour.RED]).get("back")

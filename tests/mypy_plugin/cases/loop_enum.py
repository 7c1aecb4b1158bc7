# A loop goes through the members of an enum.

from enum import Enum, StrEnum, auto

from graflow import TaskExecutionContext

class Color(Enum):
    RED = "red"
    BLUE = "blue"
class Size(StrEnum):
    SMALL = auto()
    LARGE = auto()
class Mixed(str, Enum):
    LEFT = "left"

    def other(self) -> str:
        return ""

def make(ctx: TaskExecutionContext) -> None:
    for color in Color:
        ctx.get_channel().set(color.value, 1)
    for size in sorted(Size):
        ctx.get_channel().set(size, 1)
    for mixed in Mixed:
        ctx.get_channel().set(f"side:{mixed.value}", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["red", "blue", "small", "large", "side:left"])
    ctx.get_channel().get("rde")  # E: Channel key "rde" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get("medium")  # E: Channel key "medium" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get("side:right")  # E: Channel key "side:right" is read but never written  [graflow-key-unknown]

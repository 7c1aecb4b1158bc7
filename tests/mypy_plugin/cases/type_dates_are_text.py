# Dates, UUIDs and enums are kept as text.

from graflow import TaskExecutionContext
from datetime import date
from enum import Enum
from uuid import UUID

class Color(Enum):
    RED = "red"
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(date).set("a", date(2026, 1, 1))
    ctx.get_typed_channel(str).set("b", "5f0c")
    ctx.get_typed_channel(Color).set("c", Color.RED)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("a")
    ctx.get_typed_channel(UUID).get("b")
    ctx.get_typed_channel(str).get("c")

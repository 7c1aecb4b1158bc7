# A constraint may be anything, so nothing is said.

from typing import Annotated
from graflow import TaskExecutionContext
from pydantic import PlainSerializer

Odd = Annotated[int, PlainSerializer(str, return_type=str)]
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Odd).set("k", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("k")

# What can be stored is not reported.

from typing import NamedTuple
from graflow import TaskExecutionContext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from pydantic import BaseModel, Field

class Color(Enum):
    RED = 1
class Point(NamedTuple):
    x: int
@dataclass
class Tree:
    name: str
    parts: "list[Tree]" = field(default_factory=list)
class Model(BaseModel):
    path: Path
    points: list[Point] = Field(default_factory=list)
    color: Color | None = None
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Tree)
    ctx.get_typed_channel(Model)
    ctx.get_typed_channel(dict[str, tuple[Decimal, datetime]])
    ctx.get_typed_channel(object)

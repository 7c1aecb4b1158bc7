# A field with a default is stored like any other, unless a call may say that it is left out.

from collections.abc import Callable
from dataclasses import dataclass, field
from pydantic import BaseModel, Field
from graflow import TaskExecutionContext

class Job(BaseModel):
    callback: Callable[[], None] | None = None
class Left(BaseModel):
    callback: Callable[[], None] = Field(default=print, exclude=True)
@dataclass
class Step:
    callback: Callable[[], None] = print
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Job)  # E: Schema "Job" can't be stored in a channel: field "callback" is a callable  [graflow-schema]
    ctx.get_typed_channel(Left)
    ctx.get_typed_channel(Step)  # E: Schema "Step" can't be stored in a channel: field "callback" is a callable  [graflow-schema]

# A field with a default is stored like any other; one that is left out can't be read back.

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
    ctx.get_typed_channel(Left)  # E: Schema "Left" can't be stored in a channel: field "callback" is left out of what is written, by its exclude=True  [graflow-schema]
    ctx.get_typed_channel(Step)  # E: Schema "Step" can't be stored in a channel: field "callback" is a callable  [graflow-schema]

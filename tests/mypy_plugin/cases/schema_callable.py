# A callable can't be stored, however deep it is.

from typing import Callable
from graflow import TaskExecutionContext
from collections.abc import Callable as Function
from dataclasses import dataclass

@dataclass
class Step:
    name: str
    callback: Function[[], None]
@dataclass
class Job:
    steps: list[Step]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Step)  # E: Schema "Step" can't be stored in a channel: field "callback" is a callable  [graflow-schema]
    ctx.get_typed_channel(Job)  # E: Schema "Job" can't be stored in a channel: field "steps[].callback" is a callable  [graflow-schema]
    ctx.get_typed_channel(dict[str, Job])  # E: Schema "dict[str, Job]" can't be stored in a channel: field "[].steps[].callback" is a callable  [graflow-schema]
    ctx.get_typed_channel(Callable[[], int])  # E: Schema "Callable" can't be stored in a channel: it is a callable  [graflow-schema]

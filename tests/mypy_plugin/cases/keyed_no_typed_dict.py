# The schema of a keyed channel is a `TypedDict`.

from dataclasses import dataclass
from typing import Any
from typing_extensions import TypedDict
from graflow import KeyedChannel, MemoryChannel, TaskExecutionContext

@dataclass
class Job:
    name: str
Made = TypedDict("Made", {"name": str})
def use(ctx: TaskExecutionContext, given: Any) -> None:
    ctx.get_keyed_channel(int)  # E: Schema "int" can't describe the keys of a channel: it is not a TypedDict  [graflow-schema]
    ctx.get_keyed_channel(Job)  # E: Schema "Job" can't describe the keys of a channel: it is not a TypedDict  [graflow-schema]
    ctx.get_keyed_channel(dict[str, int])  # E: Schema "dict[str, int]" can't describe the keys of a channel: it is not a TypedDict  [graflow-schema]
    KeyedChannel(MemoryChannel(), Job)  # E: Schema "Job" can't describe the keys of a channel: it is not a TypedDict  [graflow-schema]
    ctx.get_keyed_channel(Made)
    ctx.get_keyed_channel(given)

# Iterators, files, classes, locks and plain classes can't be stored either.

from typing import Iterator, IO
from typing_extensions import NotRequired, TypedDict
from graflow import TaskExecutionContext
import threading

class Plain:
    pass
class Row(TypedDict):
    a: NotRequired[Iterator[int]]
class Text(TypedDict):
    b: IO[str]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row)  # E: Schema "Row" can't be stored in a channel: field "a" is an iterator  [graflow-schema]
    ctx.get_typed_channel(Text)  # E: Schema "Text" can't be stored in a channel: field "b" is a file  [graflow-schema]
    ctx.get_typed_channel(type[int])  # E: Schema "type[int]" can't be stored in a channel: it is a class  [graflow-schema]
    ctx.get_typed_channel(list[Plain])  # E: Schema "list[Plain]" can't be stored in a channel: field "[]" is a "Plain", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(Plain | None)  # E: Schema "Plain | None" can't be stored in a channel: it is a "Plain", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]

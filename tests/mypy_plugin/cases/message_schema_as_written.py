# A schema that can't be stored is named as the source writes it.

from collections.abc import Callable
from typing import Optional

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Optional[Callable[[int], str]])  # E: Schema "Optional[Callable[[int], str]]" can't be stored in a channel: it is a callable  [graflow-schema]
    ctx.get_typed_channel(dict[str, Callable[..., None]])  # E: Schema "dict[str, Callable[..., None]]" can't be stored in a channel: field "[]" is a callable  [graflow-schema]
    ctx.get_keyed_channel(Optional[int])  # E: Schema "Optional[int]" can't describe the keys of a channel: it is not a TypedDict  [graflow-schema]

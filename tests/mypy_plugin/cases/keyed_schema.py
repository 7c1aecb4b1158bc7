# A keyed channel with a key that can't be stored.

from typing import Callable
from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class State(TypedDict):
    callback: Callable[[], None]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_keyed_channel(State)  # E: Schema "State" can't be stored in a channel: field "callback" is a callable  [graflow-schema]

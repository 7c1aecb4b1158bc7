# A key of a keyed channel may be a constant, or anything at run time.

from typing import Final, Literal
from typing_extensions import TypedDict
from graflow import TaskExecutionContext

COUNT: Final = "count"
class State(TypedDict):
    count: int
def use(ctx: TaskExecutionContext, key: str, one: Literal["count"]) -> None:
    state = ctx.get_keyed_channel(State)
    state.set(COUNT, 1)
    reveal_type(state.get(COUNT))  # N: Revealed type is "int"
    reveal_type(state.get(one))  # N: Revealed type is "int"
    reveal_type(state.get(key))  # N: Revealed type is "Any"
    state.set(COUNT, "1")  # E: Argument 2 to "set" of "KeyedChannel" has incompatible type "str"; expected "int"  [arg-type]

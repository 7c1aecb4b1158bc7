# A value of another type is refused by mypy itself.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class State(TypedDict):
    logs: list[str]
    count: int
    user: User
def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    state.append("logs", 3)  # E: Argument 2 to "append" of "KeyedChannel" has incompatible type "int"; expected "str"  [arg-type]
    state.set("count", "3")  # E: Argument 2 to "set" of "KeyedChannel" has incompatible type "str"; expected "int"  [arg-type]
    state.set("user", {"nmae": "Ada"})  # E: Extra key "nmae" for TypedDict "User"  [typeddict-unknown-key]  # E: Missing key "name" for TypedDict "User"  [typeddict-item]
    state.update("count", lambda count: str(count), 0)  # E: Argument 2 to "update" of "KeyedChannel" has incompatible type "Callable[[int], str]"; expected "Callable[[int], int]"  [arg-type]  # E: Incompatible return value type (got "str", expected "int")  [return-value]

# Each key of a keyed channel has a type of its own.

from typing_extensions import NotRequired, TypedDict
from graflow import KeyedChannel, TaskExecutionContext

class User(TypedDict):
    name: str


class State(TypedDict):
    logs: list[str]
    count: int
    user: NotRequired[User]
def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    reveal_type(state)  # N: Revealed type is "graflow.channels.keyed.KeyedChannel[TypedDict(app.main.State, {'logs': list[str], 'count': int, 'user'?: TypedDict(app.main.User, {'name': str})})]"
    reveal_type(state.get("logs"))  # N: Revealed type is "list[str]"
    reveal_type(state.get("count", default=None))  # N: Revealed type is "int | None"
    reveal_type(state.get("user"))  # N: Revealed type is "TypedDict(app.main.User, {'name': str})"
    reveal_type(state.pop("logs"))  # N: Revealed type is "str | None"
    reveal_type(state.pop("logs", 0))  # N: Revealed type is "str | int"
    reveal_type(state.update("count", lambda count: count + 1, 0))  # N: Revealed type is "int"
    reveal_type(state.get_all())  # N: Revealed type is "TypedDict(app.main.State, {'logs': list[str], 'count': int, 'user'?: TypedDict(app.main.User, {'name': str})})"
def make(state: KeyedChannel[State]) -> None:
    state.set("count", 1)
    state.append("logs", "one", ttl=60)
    state.prepend("logs", "zero")
    state.set("user", {"name": "Ada"})

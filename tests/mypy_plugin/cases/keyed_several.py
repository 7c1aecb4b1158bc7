# Several keys at once: each has its own type, and an unknown one is reported.

from collections.abc import Sequence
from typing import Any, Final
from typing_extensions import ReadOnly, TypedDict
from graflow import TaskExecutionContext

COUNT: Final = "count"


class State(TypedDict):
    logs: list[str]
    count: int
    more: int
    limit: ReadOnly[int]


def use(ctx: TaskExecutionContext, keys: Sequence[str], values: dict[str, Any], count: int) -> None:
    state = ctx.get_keyed_channel(State)
    reveal_type(state.get_many(["logs", COUNT]))  # N: Revealed type is "TypedDict({'logs'?: list[str], 'count'?: int})"
    reveal_type(state.get_many(("logs", "count"))["count"])  # N: Revealed type is "int"
    reveal_type(state.get_many({"count", "more", "limit"}))  # N: Revealed type is "dict[str, int]"
    print(sum(state.get_many(["count", "more"]).values()))
    reveal_type(state.get_many(keys))  # N: Revealed type is "typing.Mapping[str, Any]"
    reveal_type(state.get_many([keys[0], "count"]))  # N: Revealed type is "typing.Mapping[str, Any]"
    state.get_many(["logs", "cuont"])  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    state.set_many({"logs": [], COUNT: 1})
    state.set_many({"count": 1, "more": count}, ttl=60)
    state.set_many({})
    state.set_many({"count": "1"})  # E: Incompatible types (expression has type "str", TypedDict item "count" has type "int")  [typeddict-item]
    state.set_many({"logs": [3], "count": 1})  # E: List item 0 has incompatible type "int"; expected "str"  [list-item]
    state.set_many({"cuont": 1, "limit": 3})  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]
    state.set_many(values)
    state.set_many({key: 1 for key in keys})
    state.set_many({**values, "count": 1})


def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("limit", 1)

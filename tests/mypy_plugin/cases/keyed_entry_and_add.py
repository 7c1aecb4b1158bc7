# The new operations of a keyed channel have the types of its keys.
from typing import TypedDict

from typing_extensions import ReadOnly

from graflow import TaskExecutionContext


class State(TypedDict):
    count: int
    logs: list[str]
    limit: ReadOnly[int]


def make(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    reveal_type(state.add("count", 1, ttl=5))  # N: Revealed type is "bool"
    state.add("count", "1")  # E: Argument 2 to "add" of "KeyedChannel" has incompatible type "str"; expected "int"  [arg-type]
    entry = state.entry("count")
    reveal_type(entry)  # N: Revealed type is "tuple[int, str, float | None, fallback=graflow.channels.operation.entry.Entry[int]]"
    reveal_type(entry.value)  # N: Revealed type is "int"
    reveal_type(state.entry("logs"))  # N: Revealed type is "tuple[list[str], str, float | None, fallback=graflow.channels.operation.entry.Entry[list[str]]]"
    state.set("count", entry.value + 1, if_etag=entry.etag)
    state.set("count", "1", if_etag=entry.etag)  # E: Argument 2 to "set" of "KeyedChannel" has incompatible type "str"; expected "int"  [arg-type]
    state.set("logs", [], if_etag=3)  # E: Argument "if_etag" to "set" of "KeyedChannel" has incompatible type "int"; expected "str | Missing"  [arg-type]
    reveal_type(state.touch("logs", 5))  # N: Revealed type is "bool"
    reveal_type(state.persist("lgos"))  # E: "State" has no channel key "lgos"; did you mean "logs"?  [graflow-key-unknown]  # N: Revealed type is "bool"
    state.entry("cuont")  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    state.add("limit", 1)  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]
    state.touch("limit", 1)  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]
    state.persist("limit")  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]


def inside(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    reveal_type(channel.transact(lambda tx: tx.keyed(State).entry("logs").value))  # N: Revealed type is "list[str]"
    channel.transact(lambda tx: tx.keyed(State).set("limit", 3))  # E: Channel key "limit" of "State" is read-only  [graflow-key-shape]

# Whoever waits for a key gets a value of its type.
from typing import TypedDict

from graflow import TaskExecutionContext


class State(TypedDict):
    count: int
    logs: list[str]


def make(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    state.set("count", 1)
    state.append("logs", "x")
    reveal_type(state.wait_for("count"))  # N: Revealed type is "int"
    reveal_type(state.wait_for("logs", lambda logs: logs[0] == "x", timeout=5))  # N: Revealed type is "list[str]"
    state.wait_for("count", lambda count: count.upper())  # E: "int" has no attribute "upper"  [attr-defined]
    state.wait_for("cuont")  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    state.watch("cuont")  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    state.watch(prefix="c")
    reveal_type(state.pop("logs", timeout=5))  # N: Revealed type is "str | None"
    reveal_type(state.pop("logs", 3, timeout=5))  # N: Revealed type is "str | int"


def other(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_typed_channel(int).wait_for("number", lambda number: number > 3))  # N: Revealed type is "int"
    ctx.get_channel().wait_for("numbr")  # E: Channel key "numbr" is read but never written; did you mean "number"?  [graflow-key-unknown]
    ctx.get_channel().set("number", 1)

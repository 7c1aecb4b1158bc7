# `key in channel` is `exists`: it needs no writer, but a keyed channel has to know the key.

from typing_extensions import TypedDict
from graflow import Channel, TaskExecutionContext

class State(TypedDict):
    count: int


def use(ctx: TaskExecutionContext, key: str, channel: Channel) -> None:
    state = ctx.get_keyed_channel(State)
    state.set("count", 1)
    print("count" in state, "count" not in state, key in state)
    if "cuont" in state:  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
        print("never")
    print("nobody writes it" in ctx.get_channel(), "nor this" in ctx.get_typed_channel(int))
    print("nor that" in channel)
    print(3 in state, 3 in channel)  # E: Unsupported operand types for in ("int" and "Channel")  [operator]  # E: Unsupported operand types for in ("int" and "KeyedChannel[State]")  [operator]
    state.lock("count")
    state.lock("cuont")  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    with state as same, ctx.get_typed_channel(int) as ints:
        reveal_type(same.get("count"))  # N: Revealed type is "int"
        reveal_type(ints.get("count"))  # N: Revealed type is "int"
    for each in state:  # E: "None" not callable  [misc]
        print(each)

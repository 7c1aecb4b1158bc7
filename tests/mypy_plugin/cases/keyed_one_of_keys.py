# A key that is one of some literals has one of their types.

from typing import Literal, TypedDict

from graflow import TaskExecutionContext

class State(TypedDict):
    count: int
    name: str
    logs: list[str]

async def use(
    ctx: TaskExecutionContext,
    some: Literal["count", "name"],
    one: Literal["count"],
    wrong: Literal["count", "nmae"],
    other: str,
) -> None:
    state = ctx.get_keyed_channel(State)
    state.set_many({"count": 1, "name": "", "logs": []})
    reveal_type(state.get(some))  # N: Revealed type is "int | str"
    reveal_type(state.get(some, default=None))  # N: Revealed type is "int | str | None"
    reveal_type(state.get(one))  # N: Revealed type is "int"
    reveal_type(state.get(other))  # N: Revealed type is "Any"
    reveal_type(await state.aio.get(some))  # N: Revealed type is "int | str"
    state.get(wrong)  # E: "State" has no channel key "nmae"; did you mean "name"?  [graflow-key-unknown]

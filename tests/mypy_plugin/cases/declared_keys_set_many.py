# `set_many` takes the types of declared keys, and keys of results nobody but their tasks.

from typing import Any, TypedDict
from graflow import Key, Keys, TaskExecutionContext, task


class User(TypedDict):
    name: str


class State(Keys):
    count = Key(int)
    rate = Key(float)
    names = Key(list[str])
    user = Key(User)
    anything = Key(Any)


class Other(Keys):
    count = Key(int)


@task
def fetch() -> list[int]:
    return [1]


def write(ctx: TaskExecutionContext, key: Key[int, State], given: dict[Key[int, State], str]) -> None:
    state = ctx.get_channel(State)
    state.set_many({State.count: 3, State.rate: 3, State.names: [], State.anything: "x"})
    state.set_many({State.user: {"name": "Ada"}, State.names: ["a"]}, ttl=3)
    state.set_many({State.count: "three"})  # E: A value of type "str" is stored under a key of type "int"  [graflow-key-type]
    state.set_many({State.names: ["a", 3]})  # E: List item 1 has incompatible type "int"; expected "str"  [list-item]
    state.set_many({State.user: {"nmae": "Ada"}, State.rate: "x"})  # E: A value of type "str" is stored under a key of type "float"  [graflow-key-type]  # E: Extra key "nmae" for TypedDict "User"  [typeddict-unknown-key]  # E: Missing key "name" for TypedDict "User"  [typeddict-item]
    state.set_many({key: "x"})  # E: A value of type "str" is stored under a key of type "int"  [graflow-key-type]
    state.set_many(given)


async def write_on_a_loop(ctx: TaskExecutionContext) -> None:
    await ctx.get_channel(State).aio.set_many({State.count: "three"})  # E: A value of type "str" is stored under a key of type "int"  [graflow-key-type]


def write_a_result(ctx: TaskExecutionContext) -> None:
    ctx.get_channel(State).set(fetch.result, [1])  # E: Key "fetch.result" is only read: what it holds, the task alone writes  [graflow-key-shape]
    ctx.get_channel(State).append(fetch.result, 1)  # E: Argument 1 to "append" of "KeysChannel" has incompatible type "Key[list[int], Any]"; expected "Appendable[[int], State]"  [arg-type]  # E: Key "fetch.result" is only read: what it holds, the task alone writes  [graflow-key-shape]
    ctx.get_channel(State).get(fetch.result)

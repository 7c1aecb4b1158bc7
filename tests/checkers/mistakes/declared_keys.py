"""Channels with declared keys."""

from typing import TypedDict

from graflow import Key, KeyPattern, Keys, TaskExecutionContext, task


class User(TypedDict):
    name: str
    age: int


class Pipeline(Keys):
    logs = Key(list[str])
    user = Key(User)
    guest = Key(User)
    count = Key(int)
    unused = Key(int)
    by_id = KeyPattern("user:{id}", User)


class Other(Keys):
    user = Key(User)


@task
def load() -> list[int]:
    return [1]


def store(ctx: TaskExecutionContext) -> None:
    state = ctx.get_channel(Pipeline)
    state.set(Pipeline.user, {"name": "Ann", "age": 30})  # right: type of a field
    state.set(Pipeline.user, {"name": "Ann", "age": "30"})  # mistake: type of a field
    state.set(Pipeline.guest, {"name": "Ann", "age": 30})  # right: missing field
    state.set(Pipeline.guest, {"name": "Ann"})  # mistake: missing field
    state.append(Pipeline.logs, "started")  # right: type of an item
    state.append(Pipeline.logs, 3)  # mistake: type of an item
    state.set(Pipeline.count, 3)  # right: append to a value
    state.append(Pipeline.count, 3)  # mistake: append to a value
    state.atomic_add(Pipeline.count)  # right: add to a list
    state.atomic_add(Pipeline.logs)  # mistake: add to a list
    state.set(Pipeline.by_id(id=7), {"name": "Ann", "age": 30})  # right: value of a pattern
    state.set(Pipeline.by_id(id=8), "Ann")  # mistake: value of a pattern
    state.set("count", 3)  # mistake: text as a key
    ctx.get_channel().set("rows", 3)  # right: text as a key


def read(ctx: TaskExecutionContext) -> None:
    state = ctx.get_channel(Pipeline)
    print(state.get(Pipeline.user)["name"])  # right: misspelled field
    print(state.get(Pipeline.user)["nmae"])  # mistake: misspelled field
    print(state.get(Pipeline.count) + 1)  # right: type of what is read
    print(state.get(Pipeline.count) + "1")  # mistake: type of what is read
    print(state.get(Pipeline.guest))  # right: misspelled key
    print(state.get(Pipeline.geust))  # mistake: misspelled key
    print(ctx.get_channel(Other).get(Other.user))  # right: key of another class
    print(state.get(Other.user))  # mistake: key of another class
    print(state.get(Pipeline.logs))  # right: key that nobody writes
    print(state.get(Pipeline.unused))  # mistake: key that nobody writes
    print(state.get(load.result)[0] + 1)  # right: type of a result
    print(state.get(load.result)[0] + "1")  # mistake: type of a result

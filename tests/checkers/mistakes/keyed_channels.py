"""Channels whose keys are those of a `TypedDict`."""

from dataclasses import dataclass
from typing import TypedDict

from typing_extensions import ReadOnly

from graflow import TaskExecutionContext


class State(TypedDict):
    logs: list[str]
    count: int
    name: str
    version: ReadOnly[int]


@dataclass
class NoState:
    count: int


class Counts(TypedDict):
    done: int


def store(ctx: TaskExecutionContext) -> None:
    state, counts = ctx.get_keyed_channel(State), ctx.get_keyed_channel(Counts)
    state.set("count", 1)  # right: misspelled key
    state.set("cuont", 1)  # mistake: misspelled key
    state.set("name", "Ann")  # right: type of a value
    state.set("name", 1)  # mistake: type of a value
    state.append("logs", "started")  # right: type of an item
    state.append("logs", 1)  # mistake: type of an item
    state.append("logs", "done")  # right: no list
    state.append("name", "Bob")  # mistake: no list
    state.set_many({"count": 1, "name": "Ann"})  # right: type of a value of several
    state.set_many({"count": "1", "name": "Ann"})  # mistake: type of a value of several
    counts.set_all({"done": 1})  # right: type of a value of all
    counts.set_all({"done": "1"})  # mistake: type of a value of all
    counts.set_all({"done": 2})  # right: missing key
    counts.set_all({})  # mistake: missing key
    state.update("count", lambda count: count + 1)  # right: updated value
    state.update("count", lambda count: str(count))  # mistake: updated value
    state.set("count", state.get("version"))  # right: key to read only
    state.set("version", 2)  # mistake: key to read only


def read(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    print(state.get("logs"))  # right: misspelled key that is read
    print(state.get("lgos"))  # mistake: misspelled key that is read
    print(state.get("name").upper())  # right: type of what is read
    print(state.get("count").upper())  # mistake: type of what is read
    print(state.get("count", 0) + 1)  # right: default is None
    print(state.get("count", None) + 1)  # mistake: default is None
    print(state.get_all()["logs"])  # right: misspelled key of all
    print(state.get_all()["lgos"])  # mistake: misspelled key of all
    ctx.get_keyed_channel(Counts)  # right: no TypedDict
    ctx.get_keyed_channel(NoState)  # mistake: no TypedDict

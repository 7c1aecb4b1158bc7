# Declared keys count under their names, beside the text that other channels write and read.
# === app/state.py
from typing import TypedDict

from graflow import Key, KeyPattern, Keys


class User(TypedDict):
    name: str


class Base(Keys):
    inherited = Key(int)


class State(Base):
    user = Key(User)
    items = Key(list[int], name="the items")
    alone = Key(int)
    visits = KeyPattern("visits:{{x}}:{id}:{page}", int)


class Prefixed(Keys, prefix="p:"):
    count = Key(int)


class Below(Prefixed):
    below = Key(int)


# === app/main.py
from app import state
from app.state import State, User
from graflow import KeysChannel, TaskExecutionContext

USER = State.user


def by_parameter(channel: KeysChannel[State]) -> None:
    channel.set(State.inherited, 1)  # E: Channel key "inherited" is used as "int" here, but as "User" in app.main.read  [graflow-key-type]


def by_constant(ctx: TaskExecutionContext) -> None:
    ctx.get_channel(State).set(USER, {"name": "Ada"})  # E: Channel key "user" is used as "User" here, but as "int" in app.main.write  [graflow-key-type]
    items = state.State.items
    ctx.get_channel(keys=State).append(items, 3)  # E: Channel key "the items" is appended to here, but read as a value in app.main.read  [graflow-key-shape]
    ctx.get_channel(State).set(State.visits(id=1, page="a"), 1)


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("inherited")
    ctx.get_channel().get("user")
    ctx.get_channel().get("the items")
    ctx.get_channel().get("visits:{x}:1:2")
    ctx.get_channel().get("items")  # E: Channel key "items" is read but never written; did you mean "the items"?  [graflow-key-unknown]
    ctx.get_channel().get("visits:1:2")  # E: Channel key "visits:1:2" is read but never written  [graflow-key-unknown]
    ctx.get_channel(State).get(State.alone)  # E: Channel key "alone" is read but never written  [graflow-key-unknown]
    ctx.get_typed_channel(User).get("the items")  # E: Channel key "the items" is read as a value here, but appended to in app.main.by_constant  [graflow-key-shape]
    ctx.get_typed_channel(User).get("inherited")  # E: Channel key "inherited" is used as "User" here, but as "int" in app.main.by_parameter  [graflow-key-type]


def write(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("user", 3)  # E: Channel key "user" is used as "int" here, but as "User" in app.main.by_constant  [graflow-key-type]


# === app/prefixed.py
from app.state import Below, Prefixed
from graflow import TaskExecutionContext


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_channel(Below).get(Below.below)  # E: Channel key "p:below" is read but never written  [graflow-key-unknown]
    ctx.get_channel(Prefixed).get(Prefixed.count)  # E: Channel key "p:count" is read but never written  [graflow-key-unknown]

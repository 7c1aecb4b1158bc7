# A property that says which channel it returns gives one that comes in as a parameter does.
# === app/env.py
from abc import ABC
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypedDict

from graflow import Channel, ExecutionContext, KeyedChannel, TypedChannel


class Event(TypedDict):
    name: str


class All(TypedDict):
    docs: list[str]


@dataclass
class Env:
    ctx: ExecutionContext

    @property
    def channel(self) -> Channel:
        return self.ctx.get_channel()

    @property
    def all(self) -> KeyedChannel[All]:
        return self.ctx.get_keyed_channel(All)

    @property
    def table(self) -> dict[str, int]:
        return {}

    def method(self) -> Channel:
        return self.channel


class Base(ABC):
    def __init__(self, ctx: ExecutionContext) -> None:
        self.ctx = ctx

    @cached_property
    def events(self) -> TypedChannel[Event]:
        return self.ctx.get_typed_channel(Event)


class Orders(Base):
    def run(self) -> None:
        self.events.append("orders", {"name": "x"})  # E: Channel key "orders" is appended to here, but read as a value in app.main.read  [graflow-key-shape]
        self.events.set("latest", {"name": "x"})  # E: Channel key "latest" is set here, but read as a list in app.main.read  [graflow-key-shape]


def env(ctx: ExecutionContext) -> Env:
    return Env(ctx)


# === app/main.py
from app.env import Env, Event, Orders, env
from graflow import TaskExecutionContext


class Later(Orders):
    def look(self) -> None:
        self.events.get("latset")


def write(ctx: TaskExecutionContext) -> None:
    e = env(ctx)
    e.channel.set("plain", 1)
    e.all.append("docs", "x")
    Env(ctx).channel.set("made", 1)
    e.table.get("absent")


def read(ctx: TaskExecutionContext, given: Env) -> None:
    e = env(ctx)
    e.channel.get("plain")
    e.channel.get("plian")  # E: Channel key "plian" is read but never written; did you mean "plain"?  [graflow-key-unknown]
    given.channel.get("mode")  # E: Channel key "mode" is read but never written; did you mean "made"?  [graflow-key-unknown]
    Env(ctx).channel.get("made")
    ctx.get_channel().get("docz")  # E: Channel key "docz" is read but never written; did you mean "docs"?  [graflow-key-unknown]
    ctx.get_typed_channel(Event).get("orders")  # E: Channel key "orders" is read as a value here, but appended to in app.env.Orders.run  [graflow-key-shape]
    ctx.get_typed_channel(Event).get_list("latest")  # E: Channel key "latest" is read as a list here, but set in app.env.Orders.run  [graflow-key-shape]
    Orders(ctx).events.get("latst")  # E: Channel key "latst" is read but never written; did you mean "latest"?  [graflow-key-unknown]
    given.table.get("absent")

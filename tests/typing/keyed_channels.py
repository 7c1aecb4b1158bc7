"""Types that any checker infers of keyed channels, without the plugin. Never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, assert_type

from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.locks.lock import ChannelLock
from graflow.core.context import TaskExecutionContext


class State(TypedDict):
    """The keys of a pipeline."""

    logs: list[str]
    count: NotRequired[int]


def the_schema_is_the_type(ctx: TaskExecutionContext, channel: Channel) -> None:
    """A keyed channel remembers its TypedDict."""
    assert_type(ctx.get_keyed_channel(State), KeyedChannel[State])
    assert_type(KeyedChannel(channel, State, strict=False), KeyedChannel[State])


def whole(state: KeyedChannel[State]) -> None:
    """`get_all` and `set_all` have the type of the TypedDict."""
    assert_type(state.get_all(), State)
    assert_type(state.get_all()["logs"], list[str])
    state.set_all({"logs": ["one"]}, ttl=60)
    state.set_all({"logs": ["one"], "count": 2})


def mistakes(channel: Channel, state: KeyedChannel[State]) -> None:
    """What no checker needs a plugin for."""
    state.set_all({"count": 1})  # type: ignore[typeddict-item]
    state.set_all({"logs": [1]})  # type: ignore[list-item]
    state.set_all({"logs": [], "cuont": 1})  # type: ignore[typeddict-unknown-key]
    state.get_all()["lgos"]  # type: ignore[typeddict-item]
    state.atomic_add("count")  # type: ignore[attr-defined]
    KeyedChannel(channel, 3)  # type: ignore[arg-type]


def the_rest(state: KeyedChannel[State], key: str) -> None:
    """What does not depend on the key."""
    assert_type(state.channel, Channel)
    assert_type(state.keys(), list[str])
    assert_type(state.exists("count"), bool)
    assert_type(state.delete("count"), bool)
    assert_type(state.ttl("count"), float | None)
    assert_type(state.append("logs", "one"), int)
    assert_type(state.get(key), Any)
    assert_type("count" in state, bool)
    assert_type(state.lock("count"), ChannelLock)
    with state as same:
        assert_type(same, KeyedChannel[State])
    state.clear()
    state.close()


def several(state: KeyedChannel[State], keys: list[str], values: dict[str, int]) -> None:
    """What holds several keys is a mapping; which types are in it only the plugin knows."""
    assert_type(state.get_many(keys), Mapping[str, Any])
    state.set_many(values, ttl=60)
    state.set_many({"logs": [], "count": 1})
    state.set_many(state.get_all())
    state.get_many(3)  # type: ignore[arg-type]
    state.set_many(["count"])  # type: ignore[arg-type]
    bool(3 in state)  # type: ignore[operator]
    list(state)  # type: ignore[call-overload]

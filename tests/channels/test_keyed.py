"""Keyed channels: which keys there are, and the type of each."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

import pytest
from typing_extensions import ReadOnly
from typing_extensions import TypedDict as TypedDictOfExtensions

from graflow import task, workflow
from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.core.context import ExecutionContext, TaskExecutionContext
from graflow.exceptions import (
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
    LockReentryError,
    SchemaError,
)

T = TypeVar("T")


class User(TypedDict):
    """The type of one key."""

    name: str


class State(TypedDict):
    """The keys of a pipeline."""

    user: User
    logs: list[str]
    count: int
    note: NotRequired[str | None]


class Guarded(TypedDictOfExtensions, total=False):
    """Keys of which one can't be changed."""

    limit: ReadOnly[int]
    history: NotRequired[ReadOnly[list[int]]]
    used: int


class Page(TypedDict, Generic[T]):
    """Keys whose types depend on an argument."""

    items: list[T]


@pytest.fixture
def state(channel: Channel) -> KeyedChannel[State]:
    """A keyed channel on each backend."""
    return KeyedChannel(channel, State)


def test_each_key_keeps_its_own_type(state: KeyedChannel[State]) -> None:
    """Every key takes what its annotation says, and gives it back."""
    state.set("user", {"name": "Ada"})
    state.set("note", None)
    assert state.append("logs", "one") == 1
    assert state.prepend("logs", "zero") == 2
    assert state.update("count", lambda count: count + 1, default=1) == 2
    assert state.get("user") == {"name": "Ada"}
    assert state.get("note") is None
    assert state.get("logs") == ["zero", "one"]
    assert state.pop("logs") == "zero"
    assert state.get("count") == 2


@pytest.mark.parametrize(
    ("key", "value"), [("user", {"name": 1}), ("user", {}), ("count", "1"), ("note", 3)]
)
def test_a_value_of_another_type_is_refused(
    state: KeyedChannel[State], key: str, value: object
) -> None:
    """The type of another key does not help, and nothing is stored."""
    with pytest.raises(ChannelValidationError) as caught:
        state.set(key, value)
    assert caught.value.key == key
    assert state.keys() == []


def test_an_item_of_another_type_is_refused(state: KeyedChannel[State]) -> None:
    """The items of a list are checked one by one, and the list stays."""
    state.set("logs", ["one"])
    with pytest.raises(ChannelValidationError):
        state.append("logs", 3)  # type: ignore[arg-type]
    with pytest.raises(ChannelValidationError):
        state.set("logs", ["one", 2])  # type: ignore[list-item]
    assert state.get("logs") == ["one"]


def test_what_is_read_is_checked(state: KeyedChannel[State]) -> None:
    """Data that somebody else wrote under a key has to fit too."""
    state.channel.set("count", "three")
    with pytest.raises(ChannelValidationError):
        state.get("count")
    assert state.channel.get("count") == "three"


@pytest.mark.parametrize(
    "use",
    [
        lambda state: state.get("cuont", 0),
        lambda state: state.set("cuont", 0),
        lambda state: state.append("cuont", 0),
        lambda state: state.pop("cuont"),
        lambda state: state.update("cuont", abs),
        lambda state: state.delete("cuont"),
        lambda state: state.exists("cuont"),
        lambda state: "cuont" in state,
        lambda state: state.get_many(["count", "cuont"]),
        lambda state: state.set_many({"count": 1, "cuont": 1}),
        lambda state: state.lock("cuont"),
        lambda state: state.ttl("cuont"),
        lambda state: state.set_all(
            {"user": {"name": "Ada"}, "logs": [], "count": 1, "cuont": 1},
        ),
    ],
)
def test_an_unknown_key_is_refused_with_a_suggestion(
    state: KeyedChannel[State], use: Callable[[KeyedChannel[State]], object]
) -> None:
    """Every operation says which key may have been meant, and nothing changes."""
    with pytest.raises(ChannelValueError, match="State has no key 'cuont'; did you mean 'count'"):
        use(state)
    assert state.keys() == []


def test_a_key_like_no_other_gets_no_suggestion(state: KeyedChannel[State]) -> None:
    """There is nothing to suggest."""
    with pytest.raises(ChannelValueError, match=r"has no key 'xyz'$"):
        state.get("xyz")  # type: ignore[graflow-key-unknown]


@pytest.mark.parametrize("operation", ["append", "prepend", "pop"])
def test_a_key_that_is_no_list_has_no_list_operations(
    state: KeyedChannel[State], operation: str
) -> None:
    """The schema decides, not what is stored."""
    with pytest.raises(ChannelTypeError, match="'count' is not a list in State"):
        getattr(state, operation)("count", 1)


@pytest.mark.parametrize(
    "use",
    [
        lambda keys: keys.set("limit", 1),
        lambda keys: keys.update("limit", abs),
        lambda keys: keys.delete("limit"),
        lambda keys: keys.append("history", 1),
        lambda keys: keys.pop("history"),
        lambda keys: keys.set_all({"used": 1, "limit": 1}),
        lambda keys: keys.set_many({"used": 1, "limit": 1}),
    ],
)
def test_a_read_only_key_cannot_be_changed(
    channel: Channel, use: Callable[[KeyedChannel[Guarded]], object]
) -> None:
    """Whatever would change it is refused, and all stays."""
    channel.set_many({"limit": 5, "history": [1]})
    keys = KeyedChannel(channel, Guarded)
    with pytest.raises(ChannelTypeError, match="it is ReadOnly in Guarded"):
        use(keys)
    assert dict(keys.get_all()) == {"limit": 5, "history": [1]}


def test_all_keys_are_read_at_one_moment(state: KeyedChannel[State]) -> None:
    """`get_all` returns the TypedDict; keys that others keep in the channel are not in it."""
    whole: State = {"user": {"name": "Ada"}, "logs": ["one"], "count": 1}
    state.set_all(whole)
    state.channel.set("else", 1)
    assert state.get_all() == whole
    assert state.keys() == ["user", "logs", "count"]
    state.delete("user")
    with pytest.raises(ChannelKeyError, match="user"):
        state.get_all()


def test_some_keys_are_read_and_written(state: KeyedChannel[State]) -> None:
    """Each by its own type, none of them required; a value that does not fit refuses the rest."""
    state.set_many({"count": 1, "logs": ["one"]})
    assert state.get_many(["note", "logs", "count"]) == {"logs": ["one"], "count": 1}
    bad: dict[str, Any] = {"user": {"name": "Ada"}, "count": "2"}
    with pytest.raises(ChannelValidationError) as caught:
        state.set_many(bad)
    assert (caught.value.channel, caught.value.key) == (state.name, "count")
    assert state.get_many(["user", "count"]) == {"count": 1}


def test_clear_is_about_the_keys_of_the_schema(channel: Channel) -> None:
    """Those of others stay, and so does what can't be changed here."""
    channel.set_many({"limit": 5, "used": 1, "history": [1], "else": 3})
    KeyedChannel(channel, Guarded).clear()
    assert sorted(channel.keys()) == ["else", "history", "limit"]


def test_a_lock_is_that_of_the_channel(state: KeyedChannel[State]) -> None:
    """Others who lock the same name wait for it."""
    with state.lock("count") as held, pytest.raises(LockReentryError):
        state.channel.lock("count").acquire(timeout=0)
    assert held.fence > 0


def test_all_keys_are_written_or_none(state: KeyedChannel[State]) -> None:
    """A value that does not fit, or a required key that is missing, refuses the rest too."""
    bad: Any = {"user": {"name": "Ada"}, "logs": ["one"], "count": "1"}
    with pytest.raises(ChannelValidationError):
        state.set_all(bad)
    del bad["count"]
    with pytest.raises(ChannelValueError, match="State requires key 'count'"):
        state.set_all(bad)
    assert state.keys() == []


def test_keys_expire(state: KeyedChannel[State], advance: Callable[[float], None]) -> None:
    """Writing takes a TTL, and `ttl` tells what is left."""
    state.set("count", 1, ttl=60)
    state.append("logs", "one", ttl=60)
    left = state.ttl("count")
    assert left is not None
    assert 50 < left <= 60
    advance(61)
    assert state.keys() == []
    assert state.get("count", None) is None
    assert not state.exists("logs")


def test_typed_channels_see_the_same(state: KeyedChannel[State]) -> None:
    """A keyed channel is a view of the channel that others use in other ways."""
    state.append("logs", "one")
    assert TypedChannel(state.channel, str).get_list("logs") == ["one"]
    TypedChannel(state.channel, User).set("user", {"name": "Ada"})
    assert state.get("user") == {"name": "Ada"}


def test_a_generic_schema_has_its_arguments_put_in(channel: Channel) -> None:
    """`Page[User]` is a schema with lists of users."""
    keys = KeyedChannel(channel, Page[User])
    keys.append("items", {"name": "Ada"})
    with pytest.raises(ChannelValidationError):
        keys.append("items", "Ada")  # type: ignore[arg-type]


def test_local_types_are_found(channel: Channel) -> None:
    """A TypedDict inside a function may name another one there."""

    class Inner(TypedDict):
        number: int

    class Outer(TypedDict):
        inner: Inner

    keys = KeyedChannel(channel, Outer)
    keys.set("inner", {"number": 1})
    assert keys.get("inner") == {"number": 1}


def test_coercion_can_be_asked_for(channel: Channel) -> None:
    """`strict=False` stores what pydantic makes of a value."""
    keys = KeyedChannel(channel, State, strict=False)
    keys.set("count", "12")  # type: ignore[arg-type]
    assert keys.get("count") == 12


class Unstorable(TypedDict):
    """One of its keys can't be stored."""

    good: int
    bad: Callable[[], None]


@pytest.mark.parametrize(
    ("schema", "message"),
    [(Unstorable, r"key Unstorable\.bad"), (int, "takes a TypedDict"), ("State", "takes a Typed")],
)
def test_what_lists_no_storable_keys_is_refused_at_once(schema: Any, message: str) -> None:
    """The error comes when the channel is made."""
    with pytest.raises(SchemaError, match=message):
        KeyedChannel(MemoryChannel(), schema)


def test_only_a_channel_can_be_seen_through_it() -> None:
    """Whatever else is given is named."""
    with pytest.raises(ChannelTypeError, match="a KeyedChannel wraps a Channel, not a dict"):
        KeyedChannel({}, State)  # type: ignore[arg-type]


def test_it_names_its_channel_and_schema() -> None:
    """The handle says what it is."""
    keys = KeyedChannel(MemoryChannel("run"), State)
    assert repr(keys) == "KeyedChannel(MemoryChannel('run'), State)"
    assert keys.name == "run"
    assert keys.schema is State


def test_it_is_pickled_as_its_channel_is() -> None:
    """A memory channel refuses, and so does what stands in front of it."""
    with pytest.raises(ChannelTypeError, match="Redis"):
        pickle.dumps(KeyedChannel(MemoryChannel(), State))


def test_a_task_gets_one_from_its_context(channel: Channel) -> None:
    """`ctx.get_keyed_channel` is on the channel of the run, which other tasks share."""

    @task(inject_context=True)
    def collect(ctx: TaskExecutionContext) -> None:
        ctx.get_keyed_channel(State).append("logs", "collected")

    with workflow("keyed", channel=channel) as wf:
        collect()
        _, ctx = wf.execute(ret_context=True)
    assert isinstance(ctx, ExecutionContext)
    assert ctx.get_keyed_channel(State).get("logs") == ["collected"]

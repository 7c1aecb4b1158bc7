"""Typed channels: schemas, what they refuse, and what comes back."""

from __future__ import annotations

import enum
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import redis
import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelDataError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
    SchemaError,
)

T = TypeVar("T")


class Address(TypedDict):
    """Nested in a user."""

    city: str
    lines: list[str]


class User(TypedDict):
    """A schema with much in it."""

    name: str
    age: int
    address: Address
    tags: NotRequired[set[str]]


class Base(TypedDict, total=False):
    """Fields that need not be there, but for one."""

    maybe: int
    sure: Required[int]


class Derived(Base):
    """One more field, which must be there."""

    more: str


class Box(TypedDict, Generic[T]):
    """A generic schema."""

    content: T


class Tree(TypedDict):
    """A schema that contains itself."""

    value: int
    children: list[Tree]


class Frozen(typing_extensions.TypedDict):
    """A field that is only read."""

    key: typing_extensions.ReadOnly[int]


class Colour(enum.Enum):
    """An enum."""

    RED = "red"


class Point(NamedTuple):
    """A named tuple."""

    x: int
    y: int


@dataclass
class Job:
    """A dataclass with a `TypedDict` in it."""

    owner: Address
    due: date
    notes: list[str] = field(default_factory=list)


class Place(typing_extensions.TypedDict):
    """In a model, as pydantic takes no other on Python 3.11."""

    city: str


class Model(BaseModel):
    """A pydantic model."""

    number: int
    inner: Place | None = None


class Open(BaseModel):
    """A model that allows more fields and coerces one."""

    model_config = ConfigDict(extra="allow")

    number: int = Field(strict=False)


ADDRESS: Address = {"city": "Rome", "lines": ["a", "b"]}
USER: User = {"name": "Zoë", "age": 30, "address": ADDRESS}

FITTING: list[tuple[Any, Any]] = [
    (User, USER),
    (User, {**USER, "tags": {"a", "b"}}),
    (Derived, {"sure": 1, "more": "x"}),
    (Box[int], {"content": 1}),
    (Box[list[Address]], {"content": [ADDRESS]}),
    (Tree, {"value": 1, "children": [{"value": 2, "children": []}]}),
    (Frozen, {"key": 1}),
    (int, 2**70),
    (float, -0.0),
    (float, math.inf),
    (bool, True),
    (str, "$tuple"),
    (None, None),
    (int | None, None),
    (int | str, "1"),
    (dict[str, int], {"$tuple": 1}),
    (dict[int, str], {1: "a"}),
    (list[int], [1, 2]),
    (list[list[int]], [[], [1]]),
    (tuple[int, str], (1, "a")),
    (frozenset[int], frozenset({1})),
    (bytes, b"\xff\x00"),
    (datetime, datetime(2026, 1, 2, 3, 4, 5, 6)),
    (datetime, datetime(2026, 1, 2, tzinfo=UTC)),
    (datetime, datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))),
    (date, date(2026, 1, 2)),
    (timedelta, timedelta(days=-1, microseconds=1)),
    (Decimal, Decimal("1.10")),
    (UUID, UUID(int=5)),
    (Colour, Colour.RED),
    (Literal["a", 1], 1),
    (Annotated[int, Field(gt=0)], 3),
    (Point, Point(1, 2)),
    (Job, Job(ADDRESS, date(2026, 1, 2), ["n"])),
    (Model, Model(number=1, inner={"city": "Rome"})),
    (list[Model], [Model(number=1)]),
    (Open, Open(number=1, other=[1])),  # type: ignore[call-arg]
]

MISFITS: list[tuple[Any, Any, list[str]]] = [
    (User, {**USER, "age": "30"}, ["age"]),
    (User, {**USER, "age": True}, ["age"]),
    (User, {"name": "x"}, ["age", "address"]),
    (
        User,
        {**USER, "address": {"city": 1, "lines": ["a", 2]}},
        ["address.city", "address.lines[1]"],
    ),
    (User, {**USER, "extra": 1}, ["extra"]),
    (User, {**USER, "address": {**ADDRESS, "extra": 1}}, ["address.extra"]),
    (list[Address], [ADDRESS, {"city": "x"}], ["[1].lines"]),
    (Derived, {"more": "x"}, ["sure"]),
    (Box[int], {"content": "1"}, ["content"]),
    (Annotated[int, Field(gt=0)], 0, [""]),
    (int, "1", [""]),
    (float, "1", [""]),
    (str, b"a", [""]),
    (Model, {"number": 1}, [""]),
    (Job, Job({"city": 1, "lines": []}, date(2026, 1, 1)), ["owner.city"]),  # type: ignore[typeddict-item]
]

UNSTORABLE: list[tuple[Any, str]] = [
    (Callable[[], int], ""),
    (Box[Callable[[], int]], "content"),
    (list[Iterator[int]], "[]"),
    (SecretStr, ""),
    (Box[SecretStr], "content"),
    (type("Lock", (), {}), ""),
    (dict[tuple[int, int], str], ""),
]


@pytest.mark.parametrize(("schema", "value"), FITTING)
def test_a_fitting_value_comes_back(channel: Channel, schema: Any, value: Any) -> None:
    """Equal and of the same type, from a value and from a list."""
    typed: TypedChannel[Any] = TypedChannel(channel, schema)
    typed.set("key", value)
    typed.append("list", value)
    for back in (typed.get("key"), typed.get_list("list")[0], typed.pop("list")):
        assert back == value
        assert type(back) is type(value)
        assert repr(back) == repr(value) or isinstance(value, set | frozenset | dict)
    assert not typed.exists("list")


@pytest.mark.parametrize(("schema", "value", "paths"), MISFITS)
def test_a_misfit_is_refused_with_every_path(schema: Any, value: Any, paths: list[str]) -> None:
    """Nothing is written by any operation, and the error has channel, key, schema and fields."""
    channel = MemoryChannel("orders")
    typed: TypedChannel[Any] = TypedChannel(channel, schema)
    channel.set("key", "old", ttl=50)
    for call in (
        lambda: typed.set("key", value),
        lambda: typed.append("key", value),
        lambda: typed.prepend("key", value),
        lambda: typed.set_many({"key": value}),
        lambda: typed.update("new", lambda _: value, default=value),
    ):
        with pytest.raises(ChannelValidationError) as caught:
            call()
        error = pickle.loads(pickle.dumps(caught.value))
        assert [each.path for each in error.errors] == paths
        assert error.channel == "orders"
        assert error.key in {"key", "new"}
        assert error.schema
        assert all(path in str(error) for path in paths)
    assert channel.get("key") == "old"
    assert channel.keys() == ["key"]


@pytest.mark.parametrize(("schema", "path"), UNSTORABLE)
def test_a_schema_that_json_can_not_carry_is_refused_when_it_is_given(
    schema: Any, path: str
) -> None:
    """With the path of the part that can't be stored."""
    with pytest.raises(SchemaError) as caught:
        TypedChannel(MemoryChannel(), schema)
    assert path in str(caught.value)


def test_data_that_does_not_fit_raises_and_stays(channel: Channel) -> None:
    """Whoever wrote it: it never turns into `None` or the default."""
    typed = TypedChannel(channel, Address)
    channel.set("key", {"city": "Rome"})
    channel.append("list", {"city": 3, "lines": []})
    channel.append("list", ADDRESS)
    with pytest.raises(ChannelValidationError, match="lines"):
        typed.get("key", None)
    with pytest.raises(ChannelValidationError):
        typed.get_many(["key"])
    with pytest.raises(ChannelValidationError, match="lines"):
        typed.update("key", lambda value: value)
    with pytest.raises(ChannelValidationError, match="city"):
        typed.get_list("list")
    with pytest.raises(ChannelValidationError, match="city"):
        typed.pop("list", None)
    assert channel.get("key") == {"city": "Rome"}
    assert channel.get("list") == [{"city": 3, "lines": []}, ADDRESS]


def test_a_missing_key_raises_unless_there_is_a_default(channel: Channel) -> None:
    """`get`, `get_list`, and `update`; `pop` and `get_many` do not."""
    typed = TypedChannel(channel, Address)
    for call in (
        lambda: typed.get("key"),
        lambda: typed.get_list("key"),
        lambda: typed.update("key", lambda value: value),
    ):
        with pytest.raises(ChannelKeyError):
            call()
    assert typed.get("key", None) is None
    assert typed.get_list("key", 3) == 3
    assert typed.pop("key") is None
    assert typed.get_many(["key"]) == {}


def test_a_value_is_not_read_as_a_list_nor_a_list_as_a_value(channel: Channel) -> None:
    """The error names the method that reads it."""
    typed = TypedChannel(channel, Address)
    typed.set("value", ADDRESS)
    typed.append("list", ADDRESS)
    with pytest.raises((ChannelTypeError, ChannelValidationError), match="get_list"):
        typed.get("list")
    with pytest.raises((ChannelTypeError, ChannelValidationError), match=r"\bget\b"):
        typed.get_list("value")
    with pytest.raises(ChannelTypeError):
        typed.append("value", ADDRESS)
    with pytest.raises(ChannelTypeError):
        typed.pop("value")


def test_typed_and_untyped_channels_read_each_other(channel: Channel) -> None:
    """Plain data one way; fitting data, with richer types as well, the other way."""
    typed = TypedChannel(channel, Job)
    typed.set("job", Job(ADDRESS, date(2026, 1, 2)))
    assert channel.get("job") == {"owner": ADDRESS, "due": "2026-01-02", "notes": []}
    moments = TypedChannel(channel, tuple[datetime, int])
    channel.set("moment", (datetime(2026, 1, 2), 3))
    assert moments.get("moment") == (datetime(2026, 1, 2), 3)
    channel.set("plain", {"city": "Rome", "lines": []})
    assert TypedChannel(channel, Address).get("plain") == {"city": "Rome", "lines": []}


def test_what_json_can_not_tell_apart_is_refused_when_it_is_written() -> None:
    """A union whose members look alike never changes a value silently."""
    typed: TypedChannel[Any] = TypedChannel(MemoryChannel(), str | date)
    typed.set("text", "hello")
    assert typed.get("text") == "hello"
    with pytest.raises((ChannelValidationError, ChannelTypeError)):
        typed.set("date", date(2026, 1, 2))
    assert not typed.exists("date")


def test_coercion_can_be_asked_for() -> None:
    """What it made is what is stored; a schema's own word counts as well."""
    channel = MemoryChannel()
    typed: TypedChannel[Any] = TypedChannel(channel, int, strict=False)
    typed.set("key", "5")
    assert channel.get("key") == 5
    model: TypedChannel[Any] = TypedChannel(channel, Open)
    channel.set("open", {"number": "7", "other": 1})
    assert model.get("open").number == 7


def test_updates_and_batches(channel: Channel) -> None:
    """They check all that they write, and keep the TTL."""
    typed = TypedChannel(channel, Box[int])
    typed.set("key", {"content": 1}, ttl=60)
    assert typed.update("key", lambda box: {"content": box["content"] + 1}) == {"content": 2}
    assert typed.ttl("key") == pytest.approx(60, abs=5)
    typed.set_many({"a": {"content": 3}, "b": {"content": 4}})
    assert typed.get_many(["a", "b", "c"]) == {"a": {"content": 3}, "b": {"content": 4}}
    with typed.lock("key"):
        assert sorted(typed.keys()) == ["a", "b", "key"]
    assert typed.delete("a")
    typed.clear()
    assert typed.keys() == []


def test_snapshots_and_text_that_utf8_lacks() -> None:
    """A stored value does not change with the object; a lone surrogate is refused."""
    typed = TypedChannel(MemoryChannel(), Address)
    value: Address = {"city": "Rome", "lines": []}
    typed.set("key", value)
    value["lines"].append("changed")
    assert typed.get("key") == {"city": "Rome", "lines": []}
    with pytest.raises((ChannelValidationError, ChannelValueError)):
        typed.set("key", {"city": "\ud800", "lines": []})


def test_an_item_that_is_no_json_by_itself_is_reported(redis_client: redis.Redis) -> None:
    """Items of another writer are never read as more or other items than there are."""
    channel = RedisChannel("c", redis_client)
    for items in ([b"1,2"], [b"[1", b"2],[3]"]):
        redis_client.delete("graflow:{c}:k:list")
        redis_client.rpush("graflow:{c}:k:list", *items)
        with pytest.raises(ChannelDataError):
            TypedChannel(channel, list[int]).get_list("list")
        with pytest.raises(ChannelDataError):
            TypedChannel(channel, list[int]).get("list")
        with pytest.raises(ChannelDataError):
            TypedChannel(channel, int).get_list("list")
        with pytest.raises(ChannelDataError):
            channel.get("list")

"""The operations of a channel, on every backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelKeyError,
    ChannelOverflowError,
    ChannelTypeError,
    ChannelValueError,
)

Advance = Callable[[float], None]
Open = Callable[[str], Channel]

HOSTILE = [
    "job",
    "job:1",
    "j*",
    "jzz",
    "a?b",
    "[a]",
    "{x}",
    "}{",
    "a/b",
    "\0",
    " ",
    "\n",
    "😀",
    "%7B",
]


def test_a_missing_key_gives_the_default_and_a_stored_none_does_not(channel: Channel) -> None:
    """`None` is a value like any other."""
    assert channel.get("key") is None
    assert channel.get("key", default=3) == 3
    channel.set("key", None)
    assert channel.get("key", default=3) is None
    assert channel.exists("key")


@pytest.mark.parametrize("key", HOSTILE)
def test_every_character_can_stand_in_a_key(channel: Channel, key: str) -> None:
    """Keys are kept to the letter, and listed as they are."""
    channel.set(key, 1)
    assert channel.get(key) == 1
    assert channel.keys() == [key]
    assert channel.delete(key)
    assert not channel.delete(key)


def test_channels_of_other_names_are_never_touched(open_channel: Open) -> None:
    """Whatever the names contain, a channel lists, clears and locks its own keys alone."""
    channels = [open_channel(name) for name in HOSTILE]
    for channel in channels:
        channel.set("b:c", channel.name)
        channel.set("c", channel.name)
    for channel in channels:
        assert sorted(channel.keys()) == ["b:c", "c"]
        assert channel.get("b:c") == channel.name
    channels[0].clear()
    with channels[0].lock("c"), channels[1].lock("c", timeout=0):
        assert channels[0].keys() == []
        assert all(channel.get("c") == channel.name for channel in channels[1:])


@pytest.mark.parametrize("key", [1, None, b"key", ["key"]], ids=repr)
def test_a_key_that_is_no_text_is_refused(channel: Channel, key: Any) -> None:
    """Every operation refuses it with an error of `TypeError` kind."""
    odd: Any = tuple(key) if isinstance(key, list) else key
    for call in (
        lambda: channel.get(key),
        lambda: channel.set(key, 1),
        lambda: channel.append(key, 1),
        lambda: channel.pop(key),
        lambda: channel.delete(key),
        lambda: channel.exists(key),
        lambda: channel.ttl(key),
        lambda: channel.atomic_add(key),
        lambda: channel.update(key, str),
        lambda: channel.get_many([key]),
        lambda: channel.set_many({"good": 1, odd: 2}),
        lambda: channel.lock(key),
    ):
        with pytest.raises(ChannelTypeError):
            call()
    assert channel.keys() == []


@pytest.mark.parametrize("key", ["", "a\ud800"], ids=ascii)
def test_a_key_that_can_not_be_is_refused(channel: Channel, key: str, open_channel: Open) -> None:
    """Empty text and lone surrogates are errors of `ValueError` kind, in names as well."""
    with pytest.raises(ChannelValueError):
        channel.set(key, 1)
    with pytest.raises(ChannelValueError):
        open_channel(key)


def test_a_key_of_a_text_enum_is_its_text(channel: Channel) -> None:
    """A subclass of `str` is the key that its text is."""

    class Key(StrEnum):
        USER = "user"

    channel.set(Key.USER, 1)
    assert channel.get("user") == 1
    assert list(map(type, channel.keys())) == [str]


# Time to live


def test_a_key_expires(channel: Channel, advance: Advance) -> None:
    """After its time a key is missing for every operation."""
    channel.set("key", 1, ttl=10)
    channel.append("list", 1, ttl=timedelta(seconds=10))
    channel.set("stays", 1)
    assert channel.ttl("key") == pytest.approx(10, abs=2)
    assert channel.ttl("stays") is None
    advance(20)
    assert channel.get("key", "gone") == "gone"
    assert not channel.exists("key")
    assert not channel.delete("key")
    assert channel.keys() == ["stays"]
    assert channel.get_many(["key", "stays", "list"]) == {"stays": 1}
    assert channel.pop("list", "gone") == "gone"
    assert channel.atomic_add("key") == 1
    assert channel.append("list", 2) == 1
    with pytest.raises(ChannelKeyError):
        channel.ttl("nothing")


def test_set_replaces_the_ttl_and_other_writes_keep_it(channel: Channel, advance: Advance) -> None:
    """`set` without a ttl makes a key last; append, add and update leave its time alone."""
    channel.set("number", 1, ttl=50)
    channel.set("list", [1], ttl=50)
    channel.set("empty", [], ttl=50)
    channel.set("set", 1, ttl=50)
    channel.set("set", 2)
    channel.atomic_add("number")
    channel.update("list", lambda items: [*items, 2])
    channel.append("list", 3)
    channel.append("empty", 1)
    channel.pop("list")
    for key in ("number", "list", "empty"):
        assert channel.ttl(key) == pytest.approx(50, abs=5)
    assert channel.append("list", 4, ttl=500) == 3
    assert channel.ttl("set") is None
    advance(100)
    assert sorted(channel.keys()) == ["list", "set"]
    assert channel.get("list") == [2, 3, 4]
    channel.set("list", [])
    assert channel.ttl("list") is None


@pytest.mark.parametrize("ttl", [0, -1, -0.5, math.nan, math.inf, timedelta(0), 3.2e9, 10**40])
def test_a_ttl_that_can_not_be_is_refused(channel: Channel, ttl: float) -> None:
    """Zero, negative, endless and more than a hundred years: nothing is written."""
    for write in (channel.set, channel.append, channel.prepend):
        with pytest.raises(ChannelValueError):
            write("key", 1, ttl=ttl)
    with pytest.raises(ChannelValueError):
        channel.set_many({"key": 1}, ttl=ttl)
    assert not channel.exists("key")


@pytest.mark.parametrize("ttl", [True, "5", [5]], ids=repr)
def test_a_ttl_of_another_type_is_refused(channel: Channel, ttl: Any) -> None:
    """`True` is no number of seconds."""
    with pytest.raises(ChannelTypeError):
        channel.set("key", 1, ttl=ttl)


# Lists


def test_append_and_prepend_build_a_list(channel: Channel) -> None:
    """They return the length, and `get` returns the list in order."""
    assert channel.append("list", "b") == 1
    assert channel.append("list", "c") == 2
    assert channel.prepend("list", "a") == 3
    assert channel.get("list") == ["a", "b", "c"]


@pytest.mark.parametrize("start", [[], [1, (2,)]], ids=["empty", "filled"])
def test_a_list_that_was_set_can_be_added_to(channel: Channel, start: list[Any]) -> None:
    """A list is a list, however it came to be."""
    channel.set("list", start)
    assert channel.get("list") == start
    assert channel.append("list", [9]) == len(start) + 1
    assert channel.prepend("list", None) == len(start) + 2
    assert channel.get("list") == [None, *start, [9]]


def test_pop_takes_from_the_head_until_the_key_is_gone(channel: Channel) -> None:
    """The last item takes the key with it; an empty list stays and gives the default."""
    channel.set("list", [1, None])
    channel.set("empty", [])
    assert channel.pop("list") == 1
    assert channel.pop("list", "default") is None
    assert not channel.exists("list")
    assert channel.pop("list", "default") == "default"
    assert channel.pop("empty", "default") == "default"
    assert channel.keys() == ["empty"]


@pytest.mark.parametrize("value", [1, "[]", {"a": 1}, (1,), None], ids=repr)
def test_a_value_is_not_a_list(channel: Channel, value: Any) -> None:
    """Adding to a value or popping from it raises, and it stays with its TTL."""
    channel.set("key", value, ttl=60)
    for call in (
        lambda: channel.append("key", 1),
        lambda: channel.prepend("key", 1, ttl=5),
        lambda: channel.pop("key"),
    ):
        with pytest.raises(ChannelTypeError, match="not a list"):
            call()
    assert channel.get("key") == value
    assert channel.ttl("key") == pytest.approx(60, abs=5)


# Numbers


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        (1, 2),
        (2**53, 1),
        (2**63 - 1, 1),
        (-(2**63), -1),
        (10**700, 1),
        pytest.param(10**5000, -1, id="huge"),
        (0.1, 0.2),
        (1, 0.5),
        (0.5, 1),
        (2**53 + 1, 0.0),
        (10**22 + 1, 0.5),
        (1e22, 1.5),
        (-0.0, -0.0),
        (1.0, 1.0),
        (5e-324, 5e-324),
        (1e308, -1e308),
        (math.inf, 1),
        (1, -math.inf),
        (1e16, 1.0),
        (123456789.123456789, 1e-7),
    ],
)
def test_a_sum_is_what_python_gives(channel: Channel, number: float, amount: float) -> None:
    """Ints are exact at any size and floats are right to the bit; types stay what they are."""
    channel.set("key", number, ttl=60)
    total = channel.atomic_add("key", amount)
    expected = number + amount
    assert type(total) is type(expected)
    assert total == expected
    assert total != 0 or repr(total) == repr(expected)  # a zero has a sign
    assert channel.get("key") == expected
    assert type(channel.get("key")) is type(expected)
    assert channel.ttl("key") == pytest.approx(60, abs=5)


def test_a_missing_number_counts_as_zero(channel: Channel) -> None:
    """The first sum makes the key, without a TTL."""
    assert channel.atomic_add("int") == 1
    assert channel.atomic_add("float", -0.5) == -0.5
    assert math.isnan(channel.atomic_add("nan", math.nan))
    assert channel.ttl("int") is None
    assert sorted(channel.keys()) == ["float", "int", "nan"]


@pytest.mark.parametrize(
    ("number", "amount"), [(1e308, 1e308), (-1e308, -1e308), (10**400, 0.5), (0.5, 10**400)]
)
def test_a_sum_too_large_for_a_float_changes_nothing(
    channel: Channel, number: float, amount: float
) -> None:
    """It raises an error of `OverflowError` kind."""
    channel.set("key", number)
    with pytest.raises(ChannelOverflowError):
        channel.atomic_add("key", amount)
    assert channel.get("key") == number


@pytest.mark.parametrize("value", [True, None, "1", [1], {"a": 1}, (1,), []], ids=repr)
def test_what_is_no_number_is_not_added_to(channel: Channel, value: Any) -> None:
    """Neither as what is stored nor as the amount."""
    channel.set("key", value)
    with pytest.raises(ChannelTypeError):
        channel.atomic_add("key")
    assert channel.get("key") == value
    with pytest.raises(ChannelTypeError):
        channel.atomic_add("number", value)
    assert not channel.exists("number")


# Updates and batches


def test_update_replaces_a_value_by_what_a_function_makes_of_it(channel: Channel) -> None:
    """A missing key needs a default; the new value is returned."""
    assert channel.update("key", lambda value: value + 1, default=1) == 2
    assert channel.update("key", lambda value: [value]) == [2]
    assert channel.append("key", 3) == 2
    with pytest.raises(ChannelKeyError):
        channel.update("missing", str)
    assert channel.update("none", lambda value: value, default=None) is None
    assert channel.exists("none")


def test_an_update_that_fails_changes_nothing(channel: Channel) -> None:
    """Neither a function that raises nor a result that can't be stored leaves a trace."""
    channel.set("key", 1, ttl=60)
    with pytest.raises(ZeroDivisionError):
        channel.update("key", lambda value: value / 0)
    with pytest.raises(ChannelTypeError):
        channel.update("key", lambda value: object())
    assert channel.get("key") == 1
    assert channel.ttl("key") == pytest.approx(60, abs=5)


def test_update_starts_over_when_someone_wrote_in_between(open_channel: Open) -> None:
    """The function sees the value that it replaces, for lists and values alike."""
    one, other = open_channel("same"), open_channel("same")
    for intruder, expected in ((5, 6), (7.5, 8.5)):
        calls: list[Any] = []

        def bump(value: Any, intruder: Any = intruder, calls: list[Any] = calls) -> Any:
            calls.append(value)
            if len(calls) == 1:
                other.set("key", intruder)
            return value + 1

        one.set("key", 1)
        assert one.update("key", bump) == expected
        assert calls == [1, intruder]
    one.set("list", [1])
    seen: list[Any] = []

    def grow(items: list[int]) -> list[int]:
        seen.append(items)
        if len(seen) == 1:
            other.append("list", 2)
        return [*items, 3]

    assert one.update("list", grow) == [1, 2, 3]


def test_many_keys_are_written_and_read_at_once(channel: Channel) -> None:
    """The dict has the keys that exist; every kind of value can be among them."""
    channel.set_many({"a": 1, "b": [1, (2,)], "c": [], "d": None}, ttl=60)
    assert channel.get_many(["d", "c", "b", "missing", "a", "a"]) == {
        "d": None,
        "c": [],
        "b": [1, (2,)],
        "a": 1,
    }
    assert channel.get_many([]) == {}
    channel.set_many({})
    channel.set_many({"a": 2})
    assert channel.ttl("a") is None
    assert channel.ttl("b") == pytest.approx(60, abs=5)
    assert channel.append("b", 3) == 3


def test_batches_of_the_wrong_form_are_refused(channel: Channel) -> None:
    """Text is not a list of keys, and a list is not a mapping."""
    bad: Any = "key"
    with pytest.raises(ChannelTypeError):
        channel.get_many(bad)
    with pytest.raises(ChannelTypeError):
        channel.set_many([("key", 1)])  # type: ignore[arg-type]
    with pytest.raises(ChannelTypeError):
        channel.get_many(3)  # type: ignore[arg-type]


def test_clear_removes_all_keys_also_beyond_one_slice(channel: Channel) -> None:
    """10,000 and more keys go as well."""
    channel.set_many({f"key {number}": number for number in range(10_500)})
    channel.append("list", 1)
    assert len(channel.keys()) == 10_501
    channel.clear()
    assert channel.keys() == []
    assert channel.get("key 1") is None
    assert channel.get("list") is None
    channel.clear()


def test_handles_on_one_channel_share_its_keys(open_channel: Open) -> None:
    """What one handle writes the other reads."""
    one, other = open_channel("shared"), open_channel("shared")
    one.set("key", {"a": 1})
    one.append("list", 1)
    assert other.get("key") == {"a": 1}
    assert other.append("list", 2) == 2
    assert other.delete("key")
    assert one.get("key") is None


def test_in_tells_whether_a_key_exists(channel: Channel) -> None:
    """As `exists` does: it refuses what can't be a key, and goes by no loop."""
    assert "key" not in channel
    channel.set("key", None)
    channel.append("list", 1)
    assert "key" in channel
    assert "list" in channel
    with pytest.raises(ChannelTypeError):
        3 in channel  # type: ignore[operator]  # noqa: B015
    with pytest.raises(ChannelValueError):
        "" in channel  # noqa: B015


def test_a_channel_is_not_iterable(channel: Channel) -> None:
    """Not even where a backend has a `__getitem__`, which Python would go by."""

    class Subscripted(MemoryChannel):
        def __getitem__(self, key: int) -> int:
            return key

    everything: list[Any] = [channel, Subscripted(), TypedChannel(channel, int)]
    for each in everything:
        each.set("key", 1)
        with pytest.raises(TypeError, match="not iterable"):
            iter(each)
        assert not isinstance(each, Iterable)
        with pytest.raises(ChannelTypeError, match="iterable of keys"):
            channel.get_many(each)


def test_many_keys_are_asked_for_at_once(channel: Channel) -> None:
    """More than go in one step, also of values that are lists, and in their order."""
    channel.set("value", 1)
    channel.set("empty", [])
    channel.append("list", 1)
    asked = ["value", *(f"missing {number}" for number in range(10_000)), "empty", "list"]
    assert channel.backend.exist(asked) == [True, *[False] * 10_000, True, True]
    assert channel.backend.exist([]) == []

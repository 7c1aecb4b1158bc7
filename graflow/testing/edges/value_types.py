"""Edge cases of values: those that come back unchanged, and those that are refused."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from graflow.exceptions import ChannelError, ChannelTypeError, ChannelValueError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_BERLIN = ZoneInfo("Europe/Berlin")

_KEPT: dict[str, Any] = {
    "None": None,
    "True": True,
    "False": False,
    "zero": 0,
    "one": 1,
    "an int beyond a double": 2**53 + 1,
    "an int beyond 64 bits": -(2**64),
    "an int of 5,000 digits": 10**5000,
    "a float that is whole": 1.0,
    "a negative zero": -0.0,
    "a sum of floats": 0.1 + 0.2,
    "the smallest float": 5e-324,
    "the largest float": 1.7976931348623157e308,
    "NaN": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "empty text": "",
    "text with a NUL, a line separator and an emoji": "é\u2028\0😀",
    "text with spaces around it": " a ",
    "text with NULs and newlines around it": "\0\r\na\r\n\0",
    "an accent in both normal forms": ["\u00e9", "e\u0301"],
    "text that looks like JSON": '{"a": 1}',
    "text that looks like a number": "1",
    "a dollar sign": "$",
    "no bytes": b"",
    "bytes that are not text": b"\xff\x00",
    "an empty list": [],
    "a list in a list": [[], [[]]],
    "a list of everything plain": [None, True, 1, 1.0, "1", [1], {"1": 1}],
    "an empty tuple": (),
    "a tuple in a list": [1, (2, (3,))],
    "a tuple of one list": ([1],),
    "an empty dict": {},
    "a dict in a dict": {"a": {"b": {"": None}}},
    "a dict with int keys": {1: "a", -1: "b"},
    "a dict with keys of many types": {None: 1, True: 2, 2.5: 3, b"k": 4, "k": 5},
    "a dict with tuples for keys": {(1, ("a", None)): 2},
    "a dict with dates for keys": {date(2026, 1, 2): 1, datetime(2026, 1, 2): 2},
    "a dict whose order is not sorted": {"b": 1, "a": 2},
    "a dict that looks like a tag": {"$tuple": [1, 2]},
    "a dict that looks like an unknown tag": {"$ref": 1},
    "a dict in a dict that looks like a tag": {"$dict": [[{"$set": []}, 1]]},
    "a dict with two dollar keys": {"$a": 1, "$b": 2},
    "an empty set": set(),
    "a set": {1, "a", (1, 2), None},
    "a frozenset in a frozenset": frozenset({frozenset({1}), frozenset()}),
    "a set of one bool": {True},
    "a naive datetime": datetime(2026, 1, 2, 3, 4, 5, 6),
    "the first datetime": datetime.min,
    "the last datetime": datetime.max,
    "a datetime in UTC": datetime(2026, 1, 2, tzinfo=UTC),
    "a datetime at an odd offset": datetime(
        2026, 1, 2, tzinfo=timezone(timedelta(hours=-3, seconds=7, microseconds=1))
    ),
    "a datetime at an offset with a name": datetime(
        2026, 1, 2, tzinfo=timezone(timedelta(hours=1), "CET")
    ),
    "a datetime in a zone": datetime(2026, 7, 2, 2, 30, tzinfo=_BERLIN),
    "the first of two equal moments": datetime(2026, 10, 25, 2, 30, tzinfo=_BERLIN),
    "the second of two equal moments": datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=_BERLIN),
    "a naive datetime with a fold": datetime(2026, 10, 25, 2, 30, fold=1),
    "a time with a fold": time(1, fold=1),
    "a time in a zone": time(1, 2, 3, 4, tzinfo=_BERLIN),
    "a time at an offset": time(1, tzinfo=timezone(timedelta(hours=2))),
    "a date": date(2026, 1, 2),
    "a negative timedelta": timedelta(days=-1, microseconds=1),
    "the longest timedelta": timedelta.max,
    "a decimal with trailing zeros": Decimal("1.10"),
    "a decimal that is a negative zero": Decimal("-0E+7"),
    "a decimal of many digits": Decimal("0." + "123456789" * 9),
    "a decimal NaN that signals": Decimal("sNaN12"),
    "a UUID": UUID(int=2**127),
    "everything at once": {"a": [(1, {2: {3.0}})], "b": ({"$x": b"y"},)},
}


class _Zone(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        return "zone"

    dst = utcoffset


class _Text(str):
    __slots__ = ()


_REFUSED: dict[str, tuple[Any, type[ChannelError], str]] = {
    "an object": (object(), ChannelTypeError, "object"),
    "an object deep inside": ({"a": [1, {"b": 1j}]}, ChannelTypeError, "value['a'][1]['b']"),
    "an enum that is an int": ([HTTPStatus.OK], ChannelTypeError, "value[0]"),
    "a subclass of str": ({"k": _Text("x")}, ChannelTypeError, "value['k']"),
    "a dict that is ordered": (OrderedDict(a=1), ChannelTypeError, "OrderedDict"),
    "a bytearray": ([[bytearray(b"x")]], ChannelTypeError, "value[0][0]"),
    "a range": (range(3), ChannelTypeError, "range"),
    "a fraction in a tuple": ((1, Fraction(1, 2)), ChannelTypeError, "value[1]"),
    "a class in a set": ({int}, ChannelTypeError, "element of the set"),
    "a function": (print, ChannelTypeError, "builtin_function"),
    "a frozenset as a dict's key": ({frozenset([1]): 1}, ChannelTypeError, "frozenset"),
    "a custom time zone": (
        [datetime(2026, 1, 1, tzinfo=_Zone())],
        ChannelTypeError,
        "time zone",
    ),
    "a lone surrogate": ("a\ud800", ChannelValueError, "surrogate"),
    "a lone surrogate deep inside": ([{"a": ("\udfff",)}], ChannelValueError, "surrogate"),
    "a lone surrogate in a dict's key": ({"\ud800": 1}, ChannelValueError, "surrogate"),
}

_SAME = "What `get` returns equals what was stored and has the same types all the way down"
_OR_REFUSED = "Exactly these types: ... is refused with an error that names the path"
_STAYS = "A refused write leaves the old value and the old TTL exactly as they were"


def _kept(name: str, value: Any) -> Edge:
    return edge(
        Capability.VALUES,
        f"{name} comes back",
        _SAME,
        do("set", "value", value),
        do("get", "value", "a default").gives(value),
        do("append", "list", value).gives(1),
        do("append", "list", value).gives(2),
        do("get", "list").gives([value, value]),
        do("pop", "list").gives(value),
        do("set_many", {"a": value, "b": [value]}),
        do("get_many", ["a", "b"]).gives({"a": value, "b": [value]}),
    )


def _refused(name: str, value: Any, kind: type[ChannelError], says: str) -> Edge:
    return edge(
        Capability.VALUES,
        f"{name} is refused",
        _OR_REFUSED,
        do("set", "key", "old"),
        do("set", "list", ["old"]),
        do("set", "key", value).raises(kind, says),
        do("append", "list", value).raises(kind, says),
        do("prepend", "list", value).raises(kind, says),
        do("append", "new", value).raises(kind, says),
        do("set_many", {"key": 1, "more": value}).raises(kind, says),
        do("get", "key").gives("old"),
        do("get", "list").gives(["old"]),
        do("keys").gives(["key", "list"]),
    )


def _cycle(trial: Trial, through_dict: bool) -> None:
    inner: list[Any] = []
    inner.append({"again": inner} if through_dict else inner)
    channel = trial.open("job")
    for name in ("set", "append"):
        trial.note(f"a.{name}('key', a_list_that_contains_itself)")
        try:
            getattr(channel, name)("key", inner)
        except ChannelValueError as error:
            trial.require("contains itself" in str(error), "the error says what is wrong")
        else:
            trial.require(False, "a value that contains itself is refused")
    trial.require(not channel.exists("key"), "nothing was stored")


def _deep(trial: Trial, wrap: str) -> None:
    levels = {"[{}]": 200, "{{'a': {}}}": 200, "({},)": 100, "{{1: {}}}": 66}[wrap]
    channel = trial.open("job")

    def nested(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            match wrap[0]:
                case "[":
                    value = [value]
                case "(":
                    value = (value,)
                case _:
                    value = {("a" if "a" in wrap else 1): value}
        return value

    trial.note(f"a.append('key', a_value_of_{levels}_levels)")
    channel.append("key", nested(levels))
    trial.require(channel.get("key") == [nested(levels)], "the deepest value comes back")
    trial.note("a.append('key', one_level_more)")
    try:
        channel.append("key", nested(levels + 1))
    except ChannelValueError:
        pass
    else:
        trial.require(False, "what is stored can be read, so one level more is refused")
    trial.require(channel.get("key") == [nested(levels)], _STAYS)


def _large(trial: Trial) -> None:
    channel = trial.open("job")
    text = "x" * 5_000_000
    trial.note("a.set('key', 'x' * 5_000_000); a.append('list', 'x' * 5_000_000)")
    channel.set("key", text)
    channel.append("list", text)
    trial.require(channel.get("key") == text, "five megabytes come back")
    trial.require(channel.pop("list") == text, "five megabytes come back from a list")


EDGES = [
    *(_kept(name, value) for name, value in _KEPT.items()),
    *(_refused(name, *rest) for name, rest in _REFUSED.items()),
    edge(
        Capability.VALUES,
        "a list of all values is one list",
        _SAME,
        do("set", "all", list(_KEPT.values())),
        do("get", "all").gives(list(_KEPT.values())),
        do("append", "all", None).gives(len(_KEPT) + 1),
    ),
    edge(
        Capability.VALUES,
        "a refused write leaves value and TTL",
        _STAYS,
        do("set", "key", [1], ttl=150),
        do("set", "key", object()).raises(ChannelTypeError),
        do("set", "key", object(), ttl=50).raises(ChannelTypeError),
        do("append", "key", object(), ttl=50).raises(ChannelTypeError),
        do("set_many", {"key": 1, "other": object()}, ttl=50).raises(ChannelTypeError),
        do("set", "key", 2, ttl=-1).rejects(ChannelValueError),
        do("append", "key", 2, ttl=0).rejects(ChannelValueError),
        do("exists", "other").gives(False),
    ),
    edge(
        Capability.VALUES,
        "a value of any type replaces one of any other",
        "replaces the value, its type and its TTL",
        *(
            do("set", "key", value)
            for value in ([1, 2], {"a": 1}, [], "text", [3], None, (1,), [], [4])
        ),
        do("append", "key", 5).gives(2),
        do("set", "key", 6),
        do("append", "key", 7).raises(ChannelTypeError),
    ),
    edge(
        Capability.VALUES,
        "what was stored and what was read are snapshots",
        "Changing an object after `set`/`append`, or one that `get` returned, changes nothing",
        do("set", "key", {"list": [1], "set": {1}}),
        do("get", "key").gives({"list": [1], "set": {1}}),
        do("get", "key").gives({"list": [1], "set": {1}}),
        do("append", "list", [{"a": []}]).gives(1),
        do("append", "list", [1]).gives(2),
        do("get", "list").gives([[{"a": []}], [1]]),
        do("get_many", ["list"]).gives({"list": [[{"a": []}], [1]]}),
        do("pop", "list").gives([{"a": []}]),
        do("get", "list").gives([[1]]),
        do("set_many", {"many": [[1]]}),
        do("get", "many").gives([[1]]),
    ),
    *(
        edge(
            Capability.VALUES,
            f"a value that contains itself {how} is refused",
            _OR_REFUSED,
            body=partial(_cycle, through_dict=through_dict),
        )
        for how, through_dict in (("at once", False), ("through a dict", True))
    ),
    *(
        edge(
            Capability.VALUES,
            f"{name} has an exact limit",
            _OR_REFUSED,
            body=partial(_deep, wrap=wrap),
            is_slow=True,
        )
        for name, wrap in (
            ("nesting of lists", "[{}]"),
            ("nesting of dicts", "{{'a': {}}}"),
            ("nesting of tuples", "({},)"),
            ("nesting of dicts with other keys", "{{1: {}}}"),
        )
    ),
    edge(Capability.VALUES, "a large value comes back", _SAME, body=_large, is_slow=True),
]
"""Edge cases of values that a channel stores, and of those that it refuses."""

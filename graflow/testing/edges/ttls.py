"""Edge cases of TTLs."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import Any

from graflow.exceptions import (
    ChannelError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValueError,
)
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, Updater, do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_REFUSED = "`bool`, 0, negative, NaN, infinity and longer than 100 years are refused"
_MISSING = "an expired key is a missing key"

_BAD: list[tuple[str, Any, type[ChannelError]]] = [
    ("zero", 0, ChannelValueError),
    ("a float zero", 0.0, ChannelValueError),
    ("no timedelta", timedelta(0), ChannelValueError),
    ("a negative int", -1, ChannelValueError),
    ("a negative float", -0.5, ChannelValueError),
    ("a negative timedelta", timedelta(seconds=-1), ChannelValueError),
    ("NaN", math.nan, ChannelValueError),
    ("infinity", math.inf, ChannelValueError),
    ("minus infinity", -math.inf, ChannelValueError),
    ("a hundred years and a second", 36_525 * 86_400 + 1, ChannelValueError),
    ("a hundred years and a day", timedelta(days=36_526), ChannelValueError),
    ("a huge int", 10**40, ChannelValueError),
    ("True", True, ChannelTypeError),
    ("False", False, ChannelTypeError),
    ("text", "5", ChannelTypeError),
    ("a list", [5], ChannelTypeError),
]


def _bad(what: str, ttl: Any, kind: type[ChannelError]) -> Edge:
    return edge(
        Capability.TTL,
        f"{what} is not a valid ttl",
        _REFUSED,
        do("set", "key", "old", ttl=150),
        do("set", "list", ["old"]),
        do("set", "key", 1, ttl=ttl).rejects(kind),
        do("append", "list", 1, ttl=ttl).rejects(kind),
        do("prepend", "list", 1, ttl=ttl).rejects(kind),
        do("set_many", {"key": 1, "new": 1}, ttl=ttl).rejects(kind),
        do("get", "key").gives("old"),
        do("get", "list").gives(["old"]),
        do("ttl", "key").gives(Left(150)),
        do("ttl", "list").gives(None),
        do("keys").gives(["key", "list"]),
    )


def _milliseconds(trial: Trial) -> None:
    channel = trial.open("job")
    for ttl, expected in ((1234.567, 1234.567), (timedelta(milliseconds=987_654), 987.654)):
        trial.note(f"a.set('key', 1, ttl={ttl!r}); a.ttl('key')")
        before = time.monotonic()
        channel.set("key", 1, ttl=ttl)
        left = channel.ttl("key")
        passed = time.monotonic() - before
        trial.require(
            left is not None and expected - passed - 0.002 <= left <= expected + 0.002,
            f"a ttl is kept to the millisecond, and this one gave {left!r}",
        )


def _soonest(trial: Trial) -> None:
    channel = trial.open("job")
    for ttl in (0.0001, 1e-300, timedelta(microseconds=1)):
        trial.note(f"a.set('key', 1, ttl={ttl!r}); advance(1)")
        channel.set("key", 1, ttl=ttl)
        trial.advance(1)
        trial.require(not channel.exists("key"), "after the time all operations agree")


EDGES = [
    *(_bad(*each) for each in _BAD),
    edge(
        Capability.TTL,
        "an expired key is missing for every operation",
        _MISSING,
        do("set", "key", 1, ttl=50),
        do("set", "list", [1], ttl=50),
        do("set", "stays", 1),
        wait(100),
        do("get", "key", "gone").gives("gone"),
        do("exists", "key").gives(False),
        do("keys").gives(["stays"]),
        do("get_many", ["key", "list", "stays"]).gives({"stays": 1}),
        do("ttl", "key").raises(ChannelKeyError),
        do("update", "key", Updater("lambda value: value")).raises(ChannelKeyError),
        do("delete", "key").gives(False),
        do("pop", "list", "gone").gives("gone"),
    ),
    edge(
        Capability.TTL,
        "delete of an expired key is False",
        _MISSING,
        do("set", "key", 1, ttl=50),
        do("append", "list", 1, ttl=50).gives(1),
        wait(100),
        do("delete", "key").gives(False),
        do("delete", "list").gives(False),
    ),
    edge(
        Capability.TTL,
        "set without a ttl makes a key last",
        "without `ttl` the key no longer expires",
        do("set", "key", 1, ttl=50),
        do("set", "key", 2),
        do("ttl", "key").gives(None),
        wait(100),
        do("get", "key").gives(2),
    ),
    edge(
        Capability.TTL,
        "set with a ttl replaces the old one",
        "replaces the value, its type and its TTL",
        do("set", "key", 1, ttl=50),
        do("set", "key", 2, ttl=250),
        do("ttl", "key").gives(Left(250)),
        wait(100),
        do("get", "key").gives(2),
        do("set", "key", 3, ttl=50),
        wait(100),
        do("get", "key").gives(None),
    ),
    edge(
        Capability.TTL,
        "set replaces a list and its TTL",
        "replaces the value, its type and its TTL",
        do("append", "list", 1, ttl=50).gives(1),
        do("set", "list", [2]),
        do("ttl", "list").gives(None),
        do("set", "empty", [], ttl=50),
        do("set", "empty", []),
        do("ttl", "empty").gives(None),
        wait(100),
        do("get_many", ["list", "empty"]).gives({"list": [2], "empty": []}),
    ),
    edge(
        Capability.TTL,
        "a key that is written again after it expired does not expire",
        _MISSING,
        do("set", "key", 1, ttl=50),
        wait(100),
        do("set", "key", 2),
        do("ttl", "key").gives(None),
        wait(300),
        do("get", "key").gives(2),
    ),
    edge(
        Capability.TTL,
        "a key that was deleted leaves no TTL behind",
        "an expired key is a missing key",
        do("set", "key", 1, ttl=50),
        do("delete", "key").gives(True),
        do("set", "key", 2),
        do("set", "other", 1, ttl=50),
        do("clear"),
        do("append", "other", 1).gives(1),
        wait(100),
        do("get_many", ["key", "other"]).gives({"other": [1]}),
    ),
    edge(
        Capability.TTL,
        "reading does not change what is left",
        "seconds left",
        do("set", "key", [1], ttl=150),
        do("get", "key").gives([1]),
        do("exists", "key").gives(True),
        do("keys").gives(["key"]),
        do("get_many", ["key"]).gives({"key": [1]}),
        do("ttl", "key").gives(Left(150)),
        wait(100),
        do("get", "key").gives([1]),
        do("ttl", "key").gives(Left(50)),
        wait(100),
        do("get", "key").gives(None),
    ),
    edge(
        Capability.TTL,
        "keys expire each in its own time",
        "ttl is seconds",
        *(do("set", f"key {number}", number, ttl=100 * number + 50) for number in range(4)),
        wait(100),
        do("keys").gives(["key 1", "key 2", "key 3"]),
        wait(100),
        do("keys").gives(["key 2", "key 3"]),
        wait(100),
        do("keys").gives(["key 3"]),
        do("ttl", "key 3").gives(Left(50)),
        wait(100),
        do("keys").gives([]),
    ),
    edge(
        Capability.TTL,
        "a fraction, a timedelta and a hundred years are times to live",
        "`int`, `float` or `timedelta`, greater than 0, finite",
        do("set", "float", 1, ttl=150.25),
        do("ttl", "float").gives(Left(150.25)),
        do("set", "delta", 1, ttl=timedelta(minutes=2, milliseconds=500)),
        do("ttl", "delta").gives(Left(120.5)),
        do("set", "century", 1, ttl=timedelta(days=36_525)),
        do("exists", "century").gives(True),
        wait(300),
        do("keys").gives(["century"]),
    ),
    edge(
        Capability.TTL,
        "the ttl of a missing key raises",
        "a missing key raises",
        do("ttl", "key").raises(ChannelKeyError),
        do("set", "key", 1),
        do("ttl", "key").gives(None),
        do("delete", "key").gives(True),
        do("ttl", "key").raises(ChannelKeyError),
    ),
    edge(
        Capability.TTL,
        "channels of other names keep their times",
        "never see, list, clear, lock or expire each other's keys",
        do("set", "key", 1, ttl=50).on("x"),
        do("set", "key", 2).on("x:1"),
        do("set", "key", 3, ttl=250).on("x*"),
        do("ttl", "key").on("x:1").gives(None),
        do("ttl", "key").on("x*").gives(Left(250)),
        wait(100),
        do("exists", "key").on("x").gives(False),
        do("get", "key").on("x:1").gives(2),
        do("get", "key").on("x*").gives(3),
    ),
    edge(
        Capability.TTL,
        "handles agree about the time",
        "after it all operations agree",
        do("set", "key", 1, ttl=150),
        do("ttl", "key").on("job", 1).gives(Left(150)),
        do("set", "key", 2, ttl=50).on("job", 1),
        do("ttl", "key").gives(Left(50)),
        wait(100),
        do("exists", "key").gives(False),
        do("exists", "key").on("job", 1).gives(False),
        do("contains", "key").gives(False),
    ),
    edge(Capability.TTL, "a ttl is exact", "kept to the millisecond", body=_milliseconds),
    edge(Capability.TTL, "less than a millisecond is soon over", _MISSING, body=_soonest),
]
"""Edge cases of `ttl`, and of the effect of each operation on it."""

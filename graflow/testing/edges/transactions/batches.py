"""Edge cases of `get_many` and `set_many`."""

from __future__ import annotations

from graflow.exceptions import ChannelKeyError, ChannelTypeError, ChannelValueError
from graflow.testing.edges.edge import edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, do, wait

__all__ = ["EDGES"]

_ALL = "`set_many` writes all or nothing"
_EXIST = "the dict has the keys that exist"

EDGES = [
    edge(
        Capability.BATCHES,
        "get_many gives the keys that exist",
        _EXIST,
        do("set", "a", 1),
        do("append", "b", 2).gives(1),
        do("set", "c", []),
        do("set", "d", None),
        do("get_many", ["d", "missing", "b", "a", "c"]).gives(
            {"a": 1, "b": [2], "c": [], "d": None}
        ),
        do("get_many", ["missing"]).gives({}),
    ),
    edge(
        Capability.BATCHES,
        "a key that is asked for twice is there once",
        _EXIST,
        do("set", "a", 1),
        do("get_many", ["a", "a", "b", "b", "a"]).gives({"a": 1}),
    ),
    edge(
        Capability.BATCHES,
        "reading and writing no keys works",
        _EXIST,
        do("set", "a", 1),
        do("get_many", []).gives({}),
        do("get_many", ()).gives({}),
        do("set_many", {}),
        do("set_many", {}, ttl=50),
        do("keys").gives(["a"]),
    ),
    edge(
        Capability.BATCHES,
        "any iterable of keys will do",
        "`get_many(keys) -> dict`",
        do("set_many", {"a": 1, "b": 2}),
        do("get_many", ("a", "b")).gives({"a": 1, "b": 2}),
        do("get_many", {"a": None}).gives({"a": 1}),
    ),
    edge(
        Capability.BATCHES,
        "set_many takes values of every kind",
        _ALL,
        do("set_many", {"a": 1, "b": [1, (2,)], "c": [], "d": None, "e": {"x": [1]}}),
        do("append", "b", 3).gives(3),
        do("append", "c", 4).gives(1),
        do("keys").gives(["a", "b", "c", "d", "e"]),
    ),
    edge(
        Capability.BATCHES,
        "set_many replaces values, types and TTLs",
        "replaces the value, its type and its TTL",
        do("set", "a", [1], ttl=50),
        do("set", "b", 1, ttl=50),
        do("set_many", {"a": 2, "b": [2]}),
        do("ttl", "a").gives(None),
        do("ttl", "b").gives(None),
        do("append", "a", 3).raises(ChannelTypeError),
        do("append", "b", 3).gives(2),
        wait(100),
        do("keys").gives(["a", "b"]),
    ),
    edge(
        Capability.BATCHES,
        "set_many gives all its keys the TTL",
        "`set_many(mapping, ttl=None)`",
        do("set", "a", 0),
        do("set_many", {"a": 1, "b": [1, 2], "c": []}, ttl=150),
        do("ttl", "a").gives(Left(150)),
        do("ttl", "b").gives(Left(150)),
        do("ttl", "c").gives(Left(150)),
        wait(200),
        do("keys").gives([]),
        do("get_many", ["a", "b", "c"]).gives({}),
    ),
    edge(
        Capability.BATCHES,
        "a bad value anywhere stores nothing",
        _ALL,
        do("set", "a", "old"),
        do("set_many", {"a": 1, "b": 2, "c": object()}).raises(ChannelTypeError),
        do("set_many", {"c": object(), "a": 1}).raises(ChannelTypeError),
        do("set_many", {"a": 1, "b": "\ud800"}).raises(ChannelValueError),
        do("get", "a").gives("old"),
        do("keys").gives(["a"]),
    ),
    edge(
        Capability.BATCHES,
        "a bad key anywhere stores nothing",
        _ALL,
        do("set_many", {"a": 1, "": 2}).rejects(ChannelValueError),
        do("set_many", {"a": 1, 2: 2}).rejects(ChannelTypeError),
        do("get_many", ["a", ""]).rejects(ChannelValueError),
        do("get_many", ["a", 2]).rejects(ChannelTypeError),
        do("keys").gives([]),
    ),
    edge(
        Capability.BATCHES,
        "text is not a list of keys, and a list is not a mapping",
        "one round trip; the dict has the keys that exist",
        do("set", "a", 1),
        do("get_many", "a").rejects(ChannelTypeError),
        do("get_many", 3).rejects(ChannelTypeError),
        do("get_many", None).rejects(ChannelTypeError),
        do("set_many", [("a", 2)]).rejects(ChannelTypeError),
        do("set_many", "a").rejects(ChannelTypeError),
        do("get", "a").gives(1),
    ),
    edge(
        Capability.BATCHES,
        "get_many knows nothing of other channels",
        "never see, list, clear, lock or expire each other's keys",
        do("set_many", {"a": 1, "b": 2}).on("x"),
        do("set_many", {"b": 3, "c": 4}).on("y"),
        do("get_many", ["a", "b", "c"]).on("x").gives({"a": 1, "b": 2}),
        do("get_many", ["a", "b", "c"]).on("y").gives({"b": 3, "c": 4}),
    ),
    edge(
        Capability.BATCHES,
        "an expired key is in no batch",
        "an expired key is a missing key",
        do("set_many", {"a": 1, "b": 2}, ttl=50),
        do("set", "c", 3),
        wait(100),
        do("get_many", ["a", "b", "c"]).gives({"c": 3}),
        do("ttl", "a").raises(ChannelKeyError),
        do("set_many", {"a": 4}),
        do("ttl", "a").gives(None),
    ),
]
"""Edge cases of `get_many` and `set_many`."""

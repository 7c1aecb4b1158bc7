"""Edge cases of `update`."""

from __future__ import annotations

from graflow.exceptions import ChannelKeyError, ChannelTypeError, ChannelValueError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, Step, Updater, do, wait

__all__ = ["EDGES"]

_OVER = "starts over if someone wrote in between"
_NOTHING = "`fn` raising changes nothing; TTL stays"


def _by_another(operation: str, *args: object, **options: object) -> Step:
    return do(operation, *args, **options).on("job", 1)


def _race(name: str, start: object, meanwhile: Step, outcome: object) -> Edge:
    return edge(
        Capability.UPDATE,
        name,
        _OVER,
        do("set", "key", start),
        do("update", "key", Updater("lambda value: [value]", meanwhile)).gives(outcome),
        do("get", "key").gives(outcome),
    )


EDGES = [
    edge(
        Capability.UPDATE,
        "it replaces a value and returns the new one",
        "reads, calls `fn`, writes",
        do("set", "key", 1),
        do("update", "key", Updater("lambda value: value + 1")).gives(2),
        do("update", "key", Updater("lambda value: {'was': value}")).gives({"was": 2}),
        do("get", "key").gives({"was": 2}),
    ),
    edge(
        Capability.UPDATE,
        "a missing key needs a default",
        "`update(key, fn, default=...)`",
        do("update", "key", Updater("lambda value: 1")).raises(ChannelKeyError),
        do("exists", "key").gives(False),
        do("update", "key", Updater("lambda value: value + 1"), default=1).gives(2),
        do("update", "key", Updater("lambda value: value + 1"), default=100).gives(3),
    ),
    edge(
        Capability.UPDATE,
        "None is a default and a value",
        "a stored `None` is a value",
        do("update", "key", Updater("lambda value: value"), default=None).gives(None),
        do("exists", "key").gives(True),
        do("update", "key", Updater("lambda value: [value]")).gives([None]),
    ),
    edge(
        Capability.UPDATE,
        "it keeps the TTL of a value and of a list",
        _NOTHING,
        do("set", "key", 1, ttl=150),
        do("set", "list", [1], ttl=150),
        do("set", "empty", [], ttl=150),
        do("update", "key", Updater("lambda value: [value]")).gives([1]),
        do("update", "list", Updater("lambda value: value + [2]")).gives([1, 2]),
        do("update", "empty", Updater("lambda value: 'text'")).gives("text"),
        do("ttl", "key").gives(Left(150)),
        do("ttl", "list").gives(Left(150)),
        do("ttl", "empty").gives(Left(150)),
        do("append", "key", 2).gives(2),
    ),
    edge(
        Capability.UPDATE,
        "an expired key needs a default, and the new value stays",
        "an expired key is a missing key",
        do("set", "key", 1, ttl=50),
        wait(100),
        do("update", "key", Updater("lambda value: value")).raises(ChannelKeyError),
        do("update", "key", Updater("lambda value: value"), default=2).gives(2),
        do("ttl", "key").gives(None),
    ),
    edge(
        Capability.UPDATE,
        "a function that raises changes nothing",
        _NOTHING,
        do("set", "key", [1], ttl=150),
        do("update", "key", Updater("lambda value: value.append(2) or 1 / 0")).rejects(
            ZeroDivisionError
        ),
        do("get", "key").gives([1]),
        do("ttl", "key").gives(Left(150)),
        do("update", "new", Updater("lambda value: 1 / 0"), default=1).rejects(ZeroDivisionError),
        do("exists", "new").gives(False),
    ),
    edge(
        Capability.UPDATE,
        "a new value that can't be stored changes nothing",
        "A refused write leaves the old value and the old TTL exactly as they were",
        do("set", "key", 1, ttl=150),
        do("update", "key", Updater("lambda value: object()")).raises(ChannelTypeError),
        do("update", "key", Updater("lambda value: '\\ud800'")).raises(ChannelValueError),
        do("get", "key").gives(1),
        do("ttl", "key").gives(Left(150)),
    ),
    edge(
        Capability.UPDATE,
        "a value that the function changes in place is stored",
        "reads, calls `fn`, writes",
        do("set", "key", [1]),
        do("update", "key", Updater("lambda value: value.append(2) or value")).gives([1, 2]),
        do("get", "key").gives([1, 2]),
    ),
    _race("a set in between is not lost", 1, _by_another("set", "key", 2), [2]),
    _race("a set of another type in between is seen", 1, _by_another("set", "key", True), [True]),
    _race("a list in place of a value is seen", 1, _by_another("set", "key", [3]), [[3]]),
    _race("a value in place of a list is seen", [1], _by_another("set", "key", 3), [3]),
    _race("another list of one item is seen", [1], _by_another("set", "key", [2]), [[2]]),
    _race("an append in between is not lost", [1], _by_another("append", "key", 2), [[1, 2]]),
    _race("a prepend in between is not lost", [1], _by_another("prepend", "key", 2), [[2, 1]]),
    _race("a pop in between is not lost", [1, 2], _by_another("pop", "key"), [[2]]),
    _race("an append to an empty list is not lost", [], _by_another("append", "key", 1), [[1]]),
    _race("a sum in between is not lost", 1, _by_another("atomic_add", "key", 5), [6]),
    edge(
        Capability.UPDATE,
        "a delete in between is seen",
        _OVER,
        do("set", "key", 1),
        do("update", "key", Updater("lambda value: [value]", _by_another("delete", "key"))).raises(
            ChannelKeyError
        ),
        do("exists", "key").gives(False),
        do("set", "key", 1),
        do(
            "update",
            "key",
            Updater("lambda value: [value]", _by_another("clear")),
            default="default",
        ).gives(["default"]),
    ),
    edge(
        Capability.UPDATE,
        "a first value in between is seen",
        _OVER,
        do(
            "update",
            "key",
            Updater("lambda value: [value]", _by_another("set", "key", 1)),
            default="default",
        ).gives([1]),
    ),
    edge(
        Capability.UPDATE,
        "an update in between keeps the TTL that was set in between",
        "TTL stays",
        do("set", "key", 1, ttl=150),
        do(
            "update",
            "key",
            Updater("lambda value: [value]", _by_another("set", "key", 2, ttl=550)),
        ).gives([2]),
        do("ttl", "key").gives(Left(550)),
    ),
]
"""Edge cases of `update`, alone and while another handle writes."""

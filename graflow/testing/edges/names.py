"""Edge cases of channel names, which keep channels apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graflow.exceptions import ChannelError, ChannelTypeError, ChannelValueError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES", "apart"]

_APART = (
    "Two channels with different names never see, list, clear, lock or expire each other's keys"
)
_REFUSED = "anything else is refused before the backend is touched"
_PAIRS = {
    "a name that goes on with a colon": ("x", "x:1"),
    "a name with a star that matches": ("x*", "xzz"),
    "a name with a question mark that matches": ("x?", "xy"),
    "a name with brackets that match": ("x[yz]", "xy"),
    "a name that begins like the other": ("x", "xx"),
    "names that differ in case": ("x", "X"),
    "names that differ in a space": ("x", "x "),
    "names that differ in a NUL": ("x", "x\0"),
    "names that are quoted alike": ("x:", "x%3A"),
    "names in braces": ("x}", "x}{y"),
    "names that look the same": ("é", "e\u0301"),
}


def apart(what: str, one: str, other: str) -> Edge:
    """Return the edge case of two channels that never see each other's keys.

    Args:
        what: The channels, in words.
        one: The name of one.
        other: The name of the other.
    """
    return edge(
        Capability.KEYS,
        f"{what} stays apart",
        _APART,
        do("set", "c", 1).on(one),
        do("set", "1:c", 2).on(one),
        do("get", "c", "nothing").on(other).gives("nothing"),
        do("keys").on(other).gives([]),
        do("set", "c", 3).on(other),
        do("append", "list", 4).on(other).gives(1),
        do("keys").on(one).gives(["1:c", "c"]),
        do("get", "c").on(one).gives(1),
        do("get_many", ["c", "1:c", "list"]).on(other).gives({"c": 3, "list": [4]}),
        do("delete", "list").on(one).gives(False),
        do("clear").on(one),
        do("keys").on(other).gives(["c", "list"]),
        do("set", "c", 5).on(one),
        do("clear").on(other),
        do("get", "c").on(one).gives(5),
    )


def _bad_name(trial: Trial, name: Any, kind: type[ChannelError]) -> None:
    harness_open: Callable[[Any], object] = trial.harness.open
    trial.note(f"open({name!a})")
    try:
        harness_open(name)
    except kind:
        return
    trial.require(False, f"this name is refused with an error of {kind.__name__} kind")


EDGES = [
    *(apart(what, one, other) for what, (one, other) in _PAIRS.items()),
    *(
        edge(
            Capability.KEYS,
            f"{name!a} is not a valid name",
            _REFUSED,
            body=lambda trial, name=name, kind=kind: _bad_name(trial, name, kind),  # type: ignore[misc]
        )
        for name, kind in (
            (1, ChannelTypeError),
            (None, ChannelTypeError),
            (b"name", ChannelTypeError),
            ("", ChannelValueError),
            ("a\udc00", ChannelValueError),
        )
    ),
    edge(
        Capability.KEYS,
        "name and key do not run into each other",
        "`a` with key `b:c` and `a:b` with key `c`",
        do("set", "b:c", 1).on("a"),
        do("set", "c", 2).on("a:b"),
        do("set", "c", 3).on("a:"),
        do("get", "b:c").on("a").gives(1),
        do("get", "c").on("a:b").gives(2),
        do("get", "c").on("a:").gives(3),
        do("delete", "c").on("a:b").gives(True),
        do("keys").on("a").gives(["b:c"]),
    ),
    edge(
        Capability.KEYS,
        "handles on one channel share its keys",
        "several handles, in several processes, may share one channel",
        do("set", "key", {"a": 1}),
        do("append", "list", 1).gives(1),
        do("get", "key").on("job", 1).gives({"a": 1}),
        do("append", "list", 2).on("job", 1).gives(2),
        do("delete", "key").on("job", 2).gives(True),
        do("get", "key").gives(None),
        do("get", "list").gives([1, 2]),
        do("clear").on("job", 1),
        do("keys").gives([]),
    ),
]
"""Edge cases of names."""

"""Edge cases of transactions while another handle writes."""

from __future__ import annotations

from typing import Any

from graflow.channels.base import Channel
from graflow.exceptions import (
    ChannelConflictError,
)
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.edges.transactions.transaction import require_error, tx
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Step, Updater, do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_AGAIN = "starts over if something that it has read was changed"
_BLIND = "writes that nothing was read for never conflict"
_END = "no attempt begins after `timeout` seconds, or after `attempts` of them"


def _race(name: str, clause: str, meanwhile: Step, steps: list[Step], results: list[Any]) -> Edge:
    """Make an edge case of a transaction on a value, a list and a missing key."""
    return edge(
        Capability.COMMITS,
        f"transact: {name}",
        clause,
        do("set_many", {"key": 1, "list": [1, 2]}),
        tx(*steps, meanwhile=meanwhile).gives(results),
    )


def _blind(trial: Trial) -> None:
    """Write what nothing was read for, once, while another handle writes."""
    channel, other = trial.open("job"), trial.open("job", 1)
    trial.note("# in one attempt, while another handle writes to the same keys")

    def change(tx: Channel) -> None:
        tx.atomic_add("number", 1)
        tx.append("list", "mine")
        tx.delete("gone")
        tx.touch("number", 550)
        other.atomic_add("number", 10)
        other.append("list", "theirs")
        other.set("gone", 1)

    try:
        channel.transact(change, attempts=1)
    except ChannelConflictError as error:
        trial.require(False, f"it is not in conflict; it raised {error!r}")
    found = channel.get_many(["number", "list", "gone"])
    trial.require(found == {"number": 11, "list": ["theirs", "mine"]}, f"both wrote: {found!r}")


def _limited(trial: Trial) -> None:
    """Let another handle write each time before the end."""
    channel, other = trial.open("job"), trial.open("job", 1)
    trial.note("# another handle adds to `key` whenever a transaction has read it")
    for options, least, most in (({"attempts": 3}, 3, 3), ({"timeout": 0.05}, 1, 10_000)):
        channel.set("key", 0)
        calls = 0

        def change(tx: Channel) -> None:
            nonlocal calls
            calls += 1
            tx.set("mine", tx.get("key"))
            other.atomic_add("key")

        trial.note(f"a.transact(change, **{options})")
        require_error(trial, ChannelConflictError, change, options)
        trial.require(least <= calls <= most, f"{most} attempts at most; there were {calls}")
        trial.require(channel.get("key") == calls, "what others wrote is there")
        trial.require(not channel.exists("mine"), "nothing changed")


EDGES = [
    _race(
        "a value that was read and set in between is read again",
        _AGAIN,
        do("set", "key", 5),
        [do("get", "key"), do("set", "new", 1)],
        [5, None],
    ),
    _race(
        "a type that changed in between is seen",
        _AGAIN,
        do("set", "key", True),
        [do("get", "key"), do("append", "list", 3)],
        [True, 3],
    ),
    _race(
        "a key that was missing and came in between is seen",
        _AGAIN,
        do("set", "new", 1),
        [do("exists", "new"), do("set", "key", 2)],
        [True, None],
    ),
    _race(
        "a key that went in between is seen",
        _AGAIN,
        do("delete", "key"),
        [do("get", "key", "none"), do("set", "new", 2)],
        ["none", None],
    ),
    _race(
        "the second key that was read counts too",
        _AGAIN,
        do("append", "list", 3),
        [do("get", "key"), do("get", "list"), do("set", "new", 2)],
        [1, [1, 2, 3], None],
    ),
    _race(
        "keys that came in between are listed",
        _AGAIN,
        do("set", "new", 1),
        [do("keys"), do("set", "count", 2)],
        [["key", "list", "new"], None],
    ),
    _race(
        "keys that went in between are not listed",
        _AGAIN,
        do("clear"),
        [do("keys"), do("set", "count", 2)],
        [[], None],
    ),
    _race(
        "a head that went in between is not popped twice",
        _AGAIN,
        do("pop", "list"),
        [do("pop", "list"), do("append", "done", 1)],
        [2, 1],
    ),
    _race(
        "a head that came in between is popped",
        _AGAIN,
        do("prepend", "list", 0),
        [do("pop", "list"), do("pop", "list")],
        [0, 1],
    ),
    _race(
        "an append in between is nothing to a pop",
        _BLIND,
        do("append", "list", 3),
        [do("pop", "list"), do("append", "list", 4)],
        [1, 3],
    ),
    _race(
        "sums and appends in between are added to",
        _BLIND,
        do("set_many", {"key": 10, "list": [0]}),
        [do("atomic_add", "key", 1), do("append", "list", 9), do("prepend", "list", 8)],
        [11, 2, 3],
    ),
    _race(
        "an update in it sees what came in between",
        _AGAIN,
        do("set", "key", 10),
        [do("update", "key", Updater("lambda value: value + 1"))],
        [11],
    ),
    edge(
        Capability.COMMITS,
        "transact: a function that raises after what it read has changed runs again",
        _AGAIN,
        do("set", "key", 1),
        tx(
            do("get", "key"),
            do("update", "new", Updater("lambda value: value")),
            meanwhile=do("set", "new", 1),
        ).gives([1, 1]),
    ),
    edge(
        Capability.COMMITS,
        "transact: writes need one attempt",
        _BLIND,
        body=_blind,
    ),
    edge(
        Capability.COMMITS,
        "transact: attempts come to an end",
        _END,
        body=_limited,
        needs=[Capability.LOCK],  # for the turns that attempts take
    ),
]
"""Transactions of which something is changed before they end."""

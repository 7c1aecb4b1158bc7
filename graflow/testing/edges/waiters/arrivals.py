"""Edge cases of waiting for a value or an item."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from graflow.channels.base import Channel
from graflow.exceptions import ChannelTimeoutError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.edges.holders.contenders import begin_in_thread, in_thread
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_ENDS = "A value that another handle stores ends the wait, whatever stored it"
_TAKES = "waits for an item, and returns the default when the time is over"
_PAUSE = 0.02  # seconds, for the one who waits to be seen waiting; less is as good


def _wakes(change: Callable[[Channel], Any], shown: str) -> Callable[[Trial], None]:
    """Return a body in which another handle stores 1 under a key that is waited for."""

    def body(trial: Trial) -> None:
        waiting, other = trial.open("job"), trial.open("job", 1)
        trial.note(f"# a waits: a.wait_for('key'); b: {shown}")
        found: list[object] = []
        join = begin_in_thread(lambda: found.append(waiting.wait_for("key", timeout=60)))
        trial.pause(_PAUSE)
        change(other)
        error = join()
        trial.require(error is None and found == [1], f"{_ENDS}; it gave {found}", error)
        other.clear()

    return body


def _predicate(trial: Trial) -> None:
    waiting, other = trial.open("job"), trial.open("job", 1)
    trial.note("# a waits: a.wait_for('key', lambda value: value == 3); b stores 1, 2, 3")
    found: list[object] = []
    join = begin_in_thread(
        lambda: found.append(waiting.wait_for("key", lambda value: value == 3, 60))
    )
    for number in (1, 2, 3):
        trial.pause(_PAUSE / 4)
        other.set("key", number)
    error = join()
    trial.require(error is None and found == [3], f"the predicate is true of 3, not {found}", error)
    other.clear()


def _raises(trial: Trial) -> None:
    channel = trial.open("job")
    channel.set("key", 0)
    trial.note("a.set('key', 0); a.wait_for('key', lambda value: 1 / value)")
    error = in_thread(lambda: channel.wait_for("key", lambda value: 1 / value, 60))
    trial.require(isinstance(error, ZeroDivisionError), f"it gave {error!r}")
    channel.clear()


def _times(trial: Trial) -> None:
    channel = trial.open("job")
    channel.set("other", 1)
    for timeout in (0, 0.01):
        trial.note(f"a.wait_for('key', timeout={timeout:g})")
        error = in_thread(lambda timeout=timeout: channel.wait_for("key", None, timeout))  # type: ignore[misc]
        trial.require(
            isinstance(error, ChannelTimeoutError) and error.key == "key", f"it gave {error!r}"
        )
    trial.require(channel.wait_for("other", timeout=0) == 1, "what is there is returned")
    channel.clear()


def _pops(timeout: float) -> Callable[[Trial], None]:
    def body(trial: Trial) -> None:
        waiting, other = trial.open("job"), trial.open("job", 1)
        trial.note(f"# a waits: a.pop('key', timeout={timeout:g}); b: b.append('key', 1)")
        found: list[object] = []
        join = begin_in_thread(lambda: found.append(waiting.pop("key", "none", timeout)))
        trial.pause(_PAUSE)
        other.append("key", 1)
        error = join()
        trial.require(error is None and found == [1], f"{_TAKES}; it gave {found}", error)
        trial.require(not other.exists("key"), "the last item goes with its key")

    return body


def _gives_up(trial: Trial) -> None:
    channel, other = trial.open("job"), trial.open("job", 1)
    trial.note("# a.pop('key', 'none', timeout=0.02) gives up; b.append('key', 1); a.pop('key')")
    for number in range(5):
        found = channel.pop("key", "none", 0.02)
        trial.require(found == "none", f"there is no item, and it gave {found!r}")
        other.append("key", number)
        trial.pause(_PAUSE)
        found = other.get("key")
        trial.require(found == [number], f"whoever gives up has taken none; left is {found}")
        trial.require(channel.pop("key") == number, "the item is there for the next one")


def _transaction(trial: Trial) -> None:
    channel = trial.open("job")
    trial.note("a.transact(lambda tx: tx.wait_for('key'))")
    for wait in (lambda tx: tx.wait_for("key"), lambda tx: tx.pop("key", timeout=1)):
        error = in_thread(lambda wait=wait: channel.transact(wait))  # type: ignore[misc]
        trial.require(isinstance(error, TypeError), f"it gave {error!r}")


_STORES: list[tuple[str, Callable[[Channel], Any], str]] = [
    ("set", lambda channel: channel.set("key", 1), "b.set('key', 1)"),
    ("set_many", lambda channel: channel.set_many({"a": 0, "key": 1}), "b.set_many(...)"),
    ("add", lambda channel: channel.add("key", 1), "b.add('key', 1)"),
    ("atomic_add", lambda channel: channel.atomic_add("key"), "b.atomic_add('key')"),
    (
        "update",
        lambda channel: channel.update("key", lambda old: old + 1, 0),
        "b.update('key', lambda old: old + 1, 0)",
    ),
    (
        "transact",
        lambda channel: channel.transact(lambda tx: [tx.delete("a"), tx.atomic_add("key")]),
        "b.transact(lambda tx: [tx.delete('a'), tx.atomic_add('key')])",
    ),
]

EDGES: list[Edge] = [
    *(
        edge(Capability.WAITING, f"{name} ends a wait", _ENDS, body=_wakes(change, shown))
        for name, change, shown in _STORES
    ),
    edge(
        Capability.WAITING,
        "a predicate chooses the value",
        "returns a value of the key of which the predicate is true",
        body=_predicate,
    ),
    edge(
        Capability.WAITING,
        "an error of the predicate",
        "An error of the predicate is raised",
        body=_raises,
    ),
    edge(
        Capability.WAITING,
        "the time is over",
        "When timeout seconds are over it raises a ChannelTimeoutError that names the key; 0 looks"
        " once",
        body=_times,
    ),
    edge(Capability.WAITING, "an item that comes", _TAKES, body=_pops(60)),
    edge(Capability.WAITING, "an item that comes some time", _TAKES, body=_pops(math.inf)),
    edge(
        Capability.WAITING,
        "an item that comes too late",
        "whoever gives up has taken none",
        body=_gives_up,
    ),
    edge(Capability.WAITING, "a transaction", "A transaction can't wait", body=_transaction),
]

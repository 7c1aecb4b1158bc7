"""Edge cases of times to live that are no whole seconds, and of how long they are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from graflow.channels.base import Channel
from graflow.channels.transactions import Transaction
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, Updater, do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_EXACT = "kept to the millisecond"
_KEPT = "keeps the TTL"
_TRIES = 5


def _touch(channel: Channel | Transaction, ttl: float) -> None:
    channel.set("key", 1)
    channel.touch("key", ttl)


_WRITES: dict[str, Callable[[Channel, float], object]] = {
    "set": lambda channel, ttl: channel.set("key", 1, ttl=ttl),
    "set a list": lambda channel, ttl: channel.set("key", [1], ttl=ttl),
    "set_many": lambda channel, ttl: channel.set_many({"key": 1, "other": 2}, ttl=ttl),
    "add": lambda channel, ttl: channel.add("key", 1, ttl=ttl),
    "append": lambda channel, ttl: channel.append("key", 1, ttl=ttl),
    "prepend": lambda channel, ttl: channel.prepend("key", 1, ttl=ttl),
    "touch": _touch,
    "touch in a transaction": lambda channel, ttl: channel.transact(lambda tx: _touch(tx, ttl)),
}


def _soon_gone(trial: Trial, what: str, write: Callable[[Channel, float], object]) -> None:
    """Let time pass that is longer than a TTL, but shorter than the next whole second."""
    channel = trial.open("job")
    for ttl, passes in ((0.25, 0.55), (1.05, 1.6)):
        trial.note(f"# {what} with ttl={ttl}; advance({passes})")
        write(channel, ttl)
        trial.advance(passes)
        trial.require(not channel.exists("key"), f"{passes} s later the key is gone")


def _still_there(trial: Trial, what: str, write: Callable[[Channel, float], object]) -> None:
    """Let time pass that is shorter than a TTL, but longer than its whole seconds."""
    channel = trial.open("job")
    trial.note(f"# {what} with ttl=10.95; advance(10.05)")
    for _ in range(_TRIES):  # a busy machine may need some of the time itself
        channel.delete("key")
        before = time.monotonic()
        write(channel, 10.95)
        trial.advance(10.05)
        is_there = channel.exists("key")
        if time.monotonic() - before < 0.8:
            trial.require(is_there, "10.05 s later a key is there whose TTL is 10.95 s")
            return


def _times(what: str, write: Callable[[Channel, float], object]) -> list[Edge]:
    return [
        edge(
            Capability.TTL,
            f"{what}: less than a second is no second",
            _EXACT,
            body=partial(_soon_gone, what=what, write=write),
        ),
        edge(
            Capability.TTL,
            f"{what}: a part of a second is not lost",
            _EXACT,
            body=partial(_still_there, what=what, write=write),
            moves_time=True,
        ),
    ]


EDGES = [
    *(each for what, write in _WRITES.items() for each in _times(what, write)),
    edge(
        Capability.TTL,
        "a TTL that is kept goes on",
        _KEPT,
        do("set", "number", 1, ttl=250),
        do("set", "list", [1, 2], ttl=250),
        do("set", "value", 1, ttl=250),
        wait(100),
        do("atomic_add", "number", 1).gives(2),
        do("append", "list", 3).gives(3),
        do("prepend", "list", 0).gives(4),
        do("pop", "list").gives(0),
        do("update", "value", Updater("lambda value: value + 1")).gives(2),
        do("ttl", "number").gives(Left(150)),
        do("ttl", "list").gives(Left(150)),
        do("ttl", "value").gives(Left(150)),
        wait(200),
        do("keys").gives([]),
    ),
]
"""Edge cases of times to live that are no whole seconds."""

"""Means of a harness: whether they do what the checks that use them take for granted."""

from __future__ import annotations

import time
from typing import NoReturn

from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record
from graflow.exceptions import ChannelKeyError
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.trials.timing import is_left
from graflow.testing.trials.trial import Broken, Trial

__all__ = ["Losses", "check_advance", "check_open", "require_read", "require_restart"]

_TTL = 1_500.0  # seconds
_PASSES = 600.0  # seconds
_RAW: Record = b'{"in":  [1]}'  # a decoder drops a blank
_RAW_ITEMS: Record = [b"[1,  2]", b"3"]


def _blame(means: str, found: str) -> NoReturn:
    raise Broken(
        f"The harness is at fault, so that nothing can be said of the backend here: "
        f"`{means}` {found}"
    )


def check_open(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Open handles: each is new, and on the channel that was asked for."""
    with Trial(harness, "a handle is one Python object on a channel") as trial:
        first, second, other = trial.open("job"), trial.open("job", 1), trial.open("other")
        for channel, name in ((first, "job"), (second, "job"), (other, "other")):
            if channel.name != trial.name(name):
                _blame("open", f"was asked for {trial.name(name)!r} and gave {channel.name!r}")
        if first is second or first.backend is second.backend:
            _blame(
                "open",
                "gives one handle again and again, where each has to be another, "
                "with a backend of its own: what two handles do to each other is never seen",
            )


def check_advance(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Move the time: it passes for all channels, keys and handles, and as much as it should."""
    clause = "`advance` lets a number of seconds pass for everything stored"
    with Trial(harness, clause) as trial:
        began = time.monotonic()
        for name in ("job", "other/job"):
            channel = trial.open(name)
            channel.set("key", 1, ttl=_TTL)
            channel.append("list", 1, ttl=_TTL)
        trial.advance(_PASSES)
        left = {
            (name, key, handle): _left(trial.open(name, handle), key)
            for name in ("job", "other/job")
            for key in ("key", "list")
            for handle in (0, 1)
        }
        still = [where for where, found in left.items() if is_left(_TTL, found, since=began)]
        moved = [
            where for where, found in left.items() if is_left(_TTL - _PASSES, found, since=began)
        ]
        shown = ", ".join(
            f"{left[where]} s of {key!r} in {name!r}" for where in left for name, key, _ in [where]
        )
        if len(still) == len(left):
            _blame("advance", f"moved nothing, unless the backend counts no time; left are {shown}")
        if still:
            _blame("advance", f"moved the time of some keys alone; left are {shown}")
        trial.note(f"# `advance({_PASSES:.0f})` where {_TTL:.0f} s were left; now left are {shown}")
        trial.require(
            len(moved) == len(left),
            "as much time passes as `advance` is told; otherwise the harness is at fault",
        )


def _left(channel: Channel, key: str) -> float | None:
    """Return the seconds that a key has left: 0 if it is gone, `None` if it never expires."""
    try:
        return channel.ttl(key)
    except ChannelKeyError:
        return 0.0


def require_restart(harness: Harness) -> None:
    """Restart what stores the channels.

    Raises:
        Broken: Nothing was restarted.
    """
    assert harness.restart is not None
    assert harness.started is not None
    before = harness.started()
    harness.tally.faults_injected += 1
    harness.restart()
    after = harness.started()
    if before == after:
        _blame("restart", f"restarted nothing: `started` gives {after!r}, as it did before")
    harness.tally.faults_seen += 1


class Losses:
    """The replies that get lost from now on."""

    def __init__(self, harness: Harness) -> None:
        """Begin to count."""
        assert harness.lost is not None
        self._harness = harness
        self._count = harness.lost
        self._before = self._count()

    def cut_reply(self) -> None:
        """Lose the next reply, and count it."""
        assert self._harness.cut_reply is not None
        self._harness.tally.faults_injected += 1
        self._harness.cut_reply()

    def count(self) -> None:
        """Count those that did get lost, for the end of the report."""
        self._harness.tally.faults_seen += self._count() - self._before

    def require(self, number: int, operation: str) -> None:
        """Require that as many replies got lost.

        Args:
            number: How many, at least.
            operation: The operation whose replies should have got lost, for the message.

        Raises:
            Broken: There were fewer.
        """
        lost = self._count() - self._before
        if lost < number:
            _blame(
                "cut_reply",
                f"lost {lost} of {number} replies to {operation}: either it does not know its "
                "requests as writes, or handles that are opened afterwards do not pass by it",
            )


def require_read(harness: Harness, trial: Trial) -> None:
    """Require that `read` finds what is stored, as it is stored.

    Raises:
        Broken: It finds nothing, or gives what something has decoded.
    """
    assert harness.read is not None
    channel, name = trial.open("job"), trial.name("job")
    for key, record in (("raw", _RAW), ("raw items", _RAW_ITEMS)):
        channel.backend.put(key, record, None)
        if channel.backend.get(key) != record:
            continue  # other checks find that
        found = harness.read(name, key)
        if found is None:
            _blame("read", f"finds nothing under {key!r}, where the backend has {record!r}")
        if found != record:
            _blame("read", f"gives {found!r} for {record!r}: it must not decode what is stored")
    channel.delete("raw")
    channel.delete("raw items")

"""Contents of a channel that is not shared: what changes in them, and how to put them back.

This works on any backend. One that knows its own changes has a method `tracker`; see `Tracked`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from graflow.channels.backend import Backend, FencedBackend
from graflow.channels.backend.until_crash import BackendUntilCrash
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Delete, Put
from graflow.channels.contents.change_log import Change, Changes, Contents
from graflow.system.clock import seconds_since_1970

__all__ = ["Comparison", "Tracker", "refill", "tracker_of"]

_JITTER = 10
"""ms by which a time of expiry may seem to move when it has not."""

_Found = dict[str, tuple[Record, int | None]]


class Tracker(Protocol):
    """What tells how a channel changes."""

    def take(self, *, everything: bool) -> Changes:
        """Return what became of the channel since the last time, or all of it; begin anew."""

    def close(self) -> None:
        """Stop looking."""


@runtime_checkable
class Tracked(Protocol):
    """A backend that knows how it changes."""

    def tracker(self) -> Tracker:
        """Return what tells that."""


class Comparison:
    """A tracker that looks at all keys each time, and compares them with what they held before."""

    def __init__(self, backend: Backend) -> None:
        """Begin with nothing known of the channel."""
        self._backend = backend
        self._before: _Found = {}

    def take(self, *, everything: bool) -> Changes:
        """Return what became of the channel since the last time, or all of it; begin anew."""
        before, now = self._before, _look(self._backend)
        self._before = now
        if everything:
            return Changes(True, [Change(key, *held) for key, held in now.items()])
        changed = [
            Change(key, *held)
            for key, held in now.items()
            if key not in before or not _is_same(before[key], held)
        ]
        return Changes(False, changed + [Change(key, None, None) for key in before.keys() - now])

    def close(self) -> None:
        """Forget what was there."""
        self._before = {}


def tracker_of(backend: Backend) -> Tracker:
    """Return what tells how a channel changes."""
    while isinstance(backend, FencedBackend | BackendUntilCrash):
        backend = backend.inner
    return backend.tracker() if isinstance(backend, Tracked) else Comparison(backend)


def refill(backend: Backend, contents: Contents, mine: Callable[[str], bool]) -> None:
    """Replace the contents of a channel by these, except for those that have expired.

    Args:
        backend: The channel's; nobody else uses it meanwhile.
        contents: What it is to hold.
        mine: Tells which keys are meant; others stay as they are.
    """
    now = round(seconds_since_1970() * 1000)
    puts: dict[str, Put] = {}
    for key, (data, expires) in contents.items():
        if mine(key) and (expires is None or expires > now):
            record = data if isinstance(data, bytes) else list(data)
            puts[key] = Put(key, record, None if expires is None else expires - now)
    there = backend.keys()
    gone = [Delete(key) for key in there if mine(key) and key not in puts]
    backend.commit((), [*gone, *puts.values()])


def _look(backend: Backend) -> _Found:
    """Return all that the channel holds, and when each key expires, in ms since 1970."""
    keys = backend.keys()
    found, now = backend.read(keys), round(seconds_since_1970() * 1000)
    return {
        key: (held.record, None if held.left is None else now + held.left)
        for key, held in zip(keys, found, strict=True)
        if held is not None
    }


def _is_same(one: tuple[Record, int | None], other: tuple[Record, int | None]) -> bool:
    return one[0] == other[0] and _is_near(one[1], other[1])


def _is_near(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _JITTER

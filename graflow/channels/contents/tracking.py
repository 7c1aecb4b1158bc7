"""Contents of a channel that is not shared: what changes in them, and how to put them back.

This uses only the primitives, so it works on any backend. A backend that knows its own changes
overrides `Channel._track`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from graflow.channels.backend import MISSING, Primitives
from graflow.channels.codec.codec import Record
from graflow.channels.contents.change_log import Change, Changes, Contents

__all__ = ["Comparison", "Tracker", "refill"]

_JITTER = 10
"""ms by which a time of expiry may seem to move when it has not."""

_LOOKS = 10
"""How often a key is looked at whose time to live keeps changing meanwhile."""

_Found = dict[str, tuple[Record, int | None]]


class Tracker(Protocol):
    """What tells how a channel changes."""

    def take(self, *, everything: bool) -> Changes:
        """Return what became of the channel since the last time, or all of it; begin anew."""

    def close(self) -> None:
        """Stop looking."""


class Comparison:
    """A tracker that looks at all keys each time, and compares them with what they held before."""

    def __init__(self, channel: Primitives) -> None:
        """Begin with nothing known of the channel."""
        self._channel = channel
        self._before: _Found = {}

    def take(self, *, everything: bool) -> Changes:
        """Return what became of the channel since the last time, or all of it; begin anew."""
        before, now = self._before, _look(self._channel)
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


def refill(channel: Primitives, contents: Contents, mine: Callable[[str], bool]) -> None:
    """Replace the contents of a channel by these, except for those that have expired.

    Args:
        channel: The channel; nobody else uses it meanwhile.
        contents: What it is to hold.
        mine: Tells which keys are meant; others stay as they are.
    """
    now = round(time.time() * 1000)
    lasting: dict[str, Record] = {}
    passing: dict[str, tuple[Record, int]] = {}
    for key, (data, expires) in contents.items():
        record = data if isinstance(data, bytes) else list(data)
        if mine(key) and expires is None:
            lasting[key] = record
        elif mine(key) and expires is not None and expires > now:
            passing[key] = record, expires - now
    for key in channel._keys():
        if mine(key) and key not in lasting and key not in passing:
            channel._delete(key)
    if lasting:
        channel._write_many(lasting, None)
    for key, (record, left) in passing.items():
        channel._write(key, record, left)


def _look(channel: Primitives) -> _Found:
    """Return all that the channel holds, and when each key expires, in ms since 1970."""
    found: _Found = {}
    wanted = channel._keys()
    for _ in range(_LOOKS):
        if not wanted:
            break
        before = _expiries(channel, wanted)
        records = channel._read_many(wanted)
        after = _expiries(channel, wanted)
        for key, record, expires in zip(wanted, records, after, strict=True):
            found.pop(key, None)
            if record is not None:
                held = record if isinstance(record, bytes) else record.copy()
                found[key] = held, expires
        seen = zip(wanted, before, after, strict=True)
        wanted = [key for key, first, then in seen if not _is_near(first, then)]
    return found


def _expiries(channel: Primitives, keys: Sequence[str]) -> list[int | None]:
    """Return when each key expires; 0 for one that is gone."""
    expiries: list[int | None] = []
    for key in keys:
        left = channel._remaining(key)
        if left is not None:
            left = 0 if left is MISSING else round(time.time() * 1000) + left
        expiries.append(left)
    return expiries


def _is_same(one: tuple[Record, int | None], other: tuple[Record, int | None]) -> bool:
    return one[0] == other[0] and _is_near(one[1], other[1])


def _is_near(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _JITTER

"""A log of the keys that changed in a memory channel, so that only those are saved again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, TypeAlias

from graflow.channels.codec.codec import Record
from graflow.channels.commits.settling import Ends

__all__ = ["Change", "ChangeLog", "Changes", "Contents", "Data", "replay"]

Data: TypeAlias = Record | deque[bytes]
"""What a key holds: a record as it was written, or the items of a list that has been changed."""

Contents: TypeAlias = dict[str, tuple[Data, int | None]]
"""What a channel holds, and when each key expires, in ms since 1970."""


class Change(NamedTuple):
    """What became of one key.

    Attributes:
        key: The key.
        now: What it holds, or how the list under it changed; `None` if it is gone.
        expires: When it expires, in ms since 1970; `None` if never.
    """

    key: str
    now: Record | Ends | None
    expires: int | None


class Changes(NamedTuple):
    """What became of a channel: it was cleared first, or not, and keys changed."""

    cleared: bool
    keys: list[Change]


class _Counts:
    """How many items at its ends a list has lost and gained."""

    __slots__ = ("dropped", "head", "tail")

    def __init__(self) -> None:
        self.dropped = self.head = self.tail = 0


class ChangeLog:
    """A record of the keys of a channel that change; callers must hold the channel's lock."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.cleared = False
        self.written: set[str] = set()
        self._lists: dict[str, _Counts] = {}

    def wrote(self, key: str) -> None:
        """Note that `key` holds something else, or is gone."""
        self.written.add(key)
        self._lists.pop(key, None)

    def pushed(self, key: str, at_head: bool) -> None:
        """Note that an item was added to the list under `key`."""
        if key not in self.written:
            counts = self._lists.setdefault(key, _Counts())
            counts.head += at_head
            counts.tail += not at_head

    def popped(self, key: str, left: int) -> None:
        """Note that the first item of the list under `key` was removed, and `left` are left."""
        if key in self.written:
            return
        counts = self._lists.setdefault(key, _Counts())
        if counts.head:
            counts.head -= 1
        elif left >= counts.tail:
            counts.dropped += 1
        else:
            self.wrote(key)  # nothing is left of the list that it was

    def clear(self) -> None:
        """Note that all keys are gone."""
        self.forget()
        self.cleared = True

    @property
    def lists(self) -> list[str]:
        """The keys whose lists changed at their ends alone."""
        return list(self._lists)

    def ends(self, key: str, items: deque[bytes]) -> Ends:
        """Return how the list under `key`, which holds `items`, differs from what it was."""
        counts = self._lists[key]
        tail = list(islice(reversed(items), counts.tail))
        return Ends(counts.dropped, list(islice(items, counts.head)), tail[::-1])


def replay(many: Iterable[Changes]) -> Contents:
    """Return what a channel holds after changes that were taken one after the other.

    Raises:
        KeyError, IndexError: They don't follow from each other.
    """
    contents: Contents = {}
    for changes in many:
        if changes.cleared:
            contents.clear()
        for key, now, expires in changes.keys:
            if isinstance(now, Ends):
                contents[key] = (_grown(contents[key][0], now), expires)
            elif now is None:
                contents.pop(key, None)
            else:
                contents[key] = (now, expires)
    return contents


def _grown(data: Data, ends: Ends) -> deque[bytes]:
    if isinstance(data, bytes):
        raise IndexError("a value has no items")
    items = data if isinstance(data, deque) else deque(data)
    for _ in range(ends.dropped):
        items.popleft()
    items.extendleft(reversed(ends.head))
    items.extend(ends.tail)
    return items

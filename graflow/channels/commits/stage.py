"""Stage of a key: what it held, and what changes make of it on paper, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import NamedTuple, TypeAlias

from graflow.channels import arguments
from graflow.channels.codec.codec import Record, decode, encode_item
from graflow.channels.commits.commit import (
    KEEP,
    Add,
    Answer,
    Change,
    Delete,
    Expire,
    NotAList,
    NotANumber,
    Pop,
    Push,
    Put,
)

__all__ = ["Ends", "Found", "Outcome", "Stage", "record_of"]

Found: TypeAlias = bytes | Sequence[bytes] | None
"""What a key holds: a value, a list of items, or nothing."""


class Ends(NamedTuple):
    """How a list differs from what it was, in items at its ends alone.

    Attributes:
        dropped: How many items are gone from the head of the list that it was.
        head: The items that stand there instead.
        tail: The items that were added at the end.
    """

    dropped: int
    head: list[bytes]
    tail: list[bytes]


class Outcome(NamedTuple):
    """What a commit makes of a key.

    Attributes:
        now: What it holds, or how the list under it changed; `None` if it is gone.
        ttl: ms in which it expires; `None` for never. `KEEP` if the key, which exists, expires
            when it would have.
    """

    now: Record | Ends | None
    ttl: int | None


def record_of(outcome: Outcome, old: Found) -> Record | None:
    """Return the record that a key has after a commit, given what it held before."""
    if not isinstance(outcome.now, Ends):
        return outcome.now
    assert old is not None
    assert not isinstance(old, bytes)
    return _with_ends(old, outcome.now)


def _with_ends(items: Sequence[bytes], ends: Ends) -> list[bytes]:
    return [*ends.head, *items[ends.dropped :], *ends.tail]


class Stage:
    """What a key will hold: what it held, or something new, and changes at the ends of a list."""

    __slots__ = ("_base", "_dropped", "_head", "_is_new", "_tail", "_taken", "_ttl")

    def __init__(self, base: Found) -> None:
        """Begin with what the key holds."""
        self._base = base
        self._is_new = False
        self._ttl: int | None = None if base is None else KEEP
        self._dropped = 0
        self._head: list[bytes] = []  # the first item is the last one here
        self._tail: list[bytes] = []
        self._taken = 0  # items that were added there, and are gone

    def make(self, change: Change) -> Answer:
        """Make a change on paper, and return its answer.

        Raises:
            NotAList, NotANumber, ChannelOverflowError: It can't be made; nothing changed.
        """
        match change:
            case Put():
                self._put(change.record, change.ttl)
                return None
            case Push():
                return self._push(change)
            case Pop():
                return self._pop(change.key)
            case Add():
                return self._add(change)
            case Delete():
                return self._delete()
            case Expire():
                return self._expire(change.ttl)
            case _:
                raise TypeError(f"{change!r} is not a change")

    @property
    def exists(self) -> bool:
        """Whether the key holds anything."""
        return self._base is not None

    @property
    def ttl(self) -> int | None:
        """Ms in which the key expires; `None` for never, `KEEP` for when it would have."""
        return self._ttl

    def record(self) -> Record | None:
        """Return what the key holds, a list of the caller's own."""
        base = self._base
        if base is None or isinstance(base, bytes):
            return base
        return _with_ends(base, self._ends())

    def head(self, key: str, count: int) -> list[bytes]:
        """Return the first items of the list that `key` holds, `count` at the most.

        Raises:
            NotAList: It holds a value.
        """
        base = self._base
        if isinstance(base, bytes):
            raise NotAList(key)
        if base is None:
            return []
        kept = islice(base, self._dropped, None)
        added = islice(self._tail, self._taken, None)
        return list(islice(chain(reversed(self._head), kept, added), count))

    def outcome(self) -> Outcome:
        """Return what becomes of the key."""
        base = self._base
        if base is None or isinstance(base, bytes):
            return Outcome(base, self._ttl)
        ends = self._ends()
        return Outcome(_with_ends(base, ends) if self._is_new else ends, self._ttl)

    def _ends(self) -> Ends:
        tail = self._tail[self._taken :] if self._taken else self._tail
        return Ends(self._dropped, self._head[::-1], tail)

    def _put(self, record: Record, ttl: int | None) -> None:
        self._replace(record)
        if ttl != KEEP:
            self._ttl = ttl

    def _push(self, change: Push) -> int:
        if isinstance(self._base, bytes):
            raise NotAList(change.key)
        if self._base is None:
            self._replace([])
        (self._head if change.at_head else self._tail).append(change.item)
        if change.ttl != KEEP:
            self._ttl = change.ttl
        return self._length()

    def _pop(self, key: str) -> bytes | None:
        base = self._base
        if isinstance(base, bytes):
            raise NotAList(key)
        if base is None or not self._length():
            return None
        if self._head:
            item = self._head.pop()
        elif self._dropped < len(base):
            item = base[self._dropped]
            self._dropped += 1
        else:
            item = self._tail[self._taken]
            self._taken += 1
        if not self._length():
            self._delete()
        return item

    def _add(self, change: Add) -> bytes:
        base = self._base
        number = 0 if base is None else decode(base) if isinstance(base, bytes) else None
        if type(number) is not int and type(number) is not float:
            raise NotANumber(change.key)
        record = encode_item(arguments.add(number, change.amount))
        self._replace(record)
        return record

    def _delete(self) -> bool:
        was_there = self._base is not None
        self._replace(None)
        self._ttl = None
        return was_there

    def _expire(self, ttl: int | None) -> bool:
        if self._base is None:
            return False
        self._ttl = ttl
        return True

    def _replace(self, base: Found) -> None:
        self._base, self._is_new, self._dropped = base, True, 0
        self._head, self._tail, self._taken = [], [], 0

    def _length(self) -> int:
        assert self._base is not None
        kept = len(self._base) - self._dropped
        return len(self._head) + kept + len(self._tail) - self._taken

"""Settlement of a commit: its checks judged and its changes made on paper, without any I/O.

A backend that can hold its store still, by a lock or a transaction, lets `settle` find out what a
commit makes of each key, and stores that. A transaction sees its own writes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias

from graflow.channels import arguments
from graflow.channels.codec.codec import Record, decode, encode_item
from graflow.channels.commits.commit import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Holds,
    KeysAre,
    NotAList,
    NotANumber,
    Pop,
    Push,
    Put,
    StartsWith,
)
from graflow.channels.commits.lock_records import holder_in
from graflow.channels.hidden_keys import lock_key

__all__ = ["Ends", "Found", "Outcome", "Settlement", "record_of", "settle"]

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


class Settlement(NamedTuple):
    """A commit that happens.

    Attributes:
        answers: One for each change.
        outcomes: What becomes of the keys that change.
    """

    answers: list[Answer]
    outcomes: dict[str, Outcome]


def settle(
    checks: Sequence[Check],
    changes: Sequence[Change],
    find: Callable[[str], Found],
    keys: Callable[[], Collection[str]],
    holder: Callable[[str], str | None] | None = None,
) -> Settlement | Conflict:
    """Find out what a commit comes to. The store must not change until that is stored.

    Args:
        checks: What must be so.
        changes: What is to happen.
        find: Returns what a key holds, unless it has expired. Nothing is done to it.
        keys: Returns the live keys, as `Backend.keys` does.
        holder: Returns the owner of a lock. By default the backend keeps locks where `Backend`
            itself puts them.

    Raises:
        NotAList, NotANumber, ChannelOverflowError: As for `Backend.commit`.
    """
    for check in checks:
        if not _holds(check, find, keys, holder):
            return Conflict("" if isinstance(check, KeysAre) else check[0])
    answers: list[Answer] = []
    staged: dict[str, _Staged] = {}
    for change in changes:
        key = change.key
        stage = staged.get(key)
        if stage is None:
            # What a key held does not matter where it is replaced.
            is_replaced = type(change) is Put and change.ttl != KEEP
            stage = staged[key] = _Staged(None if is_replaced else find(key))
        answers.append(_made(change, stage))
    return Settlement(answers, {key: stage.outcome() for key, stage in staged.items()})


def record_of(outcome: Outcome, old: Found) -> Record | None:
    """Return the record that a key has after a commit, given what it held before."""
    if not isinstance(outcome.now, Ends):
        return outcome.now
    assert old is not None
    assert not isinstance(old, bytes)
    return _with_ends(old, outcome.now)


def _with_ends(items: Sequence[bytes], ends: Ends) -> list[bytes]:
    return [*ends.head, *items[ends.dropped :], *ends.tail]


def _holds(
    check: Check,
    find: Callable[[str], Found],
    keys: Callable[[], Collection[str]],
    holder: Callable[[str], str | None] | None,
) -> bool:
    match check:
        case Holds(key, record):
            return _is_same(find(key), record)
        case StartsWith(key, items):
            found = find(key)
            return (
                found is not None
                and not isinstance(found, bytes)
                and len(found) >= len(items)
                and all(found[index] == item for index, item in enumerate(items))
            )
        case KeysAre(expected):
            return set(keys()) == set(expected)
        case _:
            lock, owner = check
            held = find(lock_key(lock)) if holder is None else None
            found_owner = holder_in(_as_record(held)) if holder is None else holder(lock)
            return found_owner is None or found_owner == owner


def _as_record(found: Found) -> Record | None:
    return found if found is None or isinstance(found, bytes) else list(found)


def _is_same(found: Found, record: Record | None) -> bool:
    if found is None or record is None or isinstance(found, bytes) or isinstance(record, bytes):
        return found == record
    return len(found) == len(record) and list(found) == record


def _made(change: Change, stage: _Staged) -> Answer:
    """Make a change on paper, and return its answer."""
    match change:
        case Put():
            stage.put(change.record, change.ttl)
            return None
        case Push():
            return stage.push(change)
        case Pop():
            return stage.pop(change.key)
        case Add():
            return stage.add(change)
        case Delete():
            return stage.delete()
        case Expire():
            return stage.expire(change.ttl)
        case _:
            raise TypeError(f"{change!r} is not a change")


class _Staged:
    """What a key will hold: what it held, or something new, and changes at the ends of a list."""

    __slots__ = ("_base", "_dropped", "_head", "_is_new", "_tail", "_ttl")

    def __init__(self, base: Found) -> None:
        """Begin with what the key holds."""
        self._base = base
        self._is_new = False
        self._ttl: int | None = None if base is None else KEEP
        self._dropped = 0
        self._head: list[bytes] = []  # the first item is the last one here
        self._tail: list[bytes] = []

    def outcome(self) -> Outcome:
        """Return what becomes of the key."""
        base = self._base
        if base is None or isinstance(base, bytes):
            return Outcome(base, self._ttl)
        ends = Ends(self._dropped, self._head[::-1], self._tail)
        return Outcome(_with_ends(base, ends) if self._is_new else ends, self._ttl)

    def put(self, record: Record, ttl: int | None) -> None:
        self._replace(record)
        if ttl != KEEP:
            self._ttl = ttl

    def push(self, change: Push) -> int:
        if isinstance(self._base, bytes):
            raise NotAList(change.key)
        if self._base is None:
            self._replace([])
        (self._head if change.at_head else self._tail).append(change.item)
        if change.ttl != KEEP:
            self._ttl = change.ttl
        return self._length()

    def pop(self, key: str) -> bytes | None:
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
            item = self._tail.pop(0)
        if not self._length():
            self.delete()
        return item

    def add(self, change: Add) -> bytes:
        base = self._base
        number = 0 if base is None else decode(base) if isinstance(base, bytes) else None
        if type(number) is not int and type(number) is not float:
            raise NotANumber(change.key)
        record = encode_item(arguments.add(number, change.amount))
        self._replace(record)
        return record

    def delete(self) -> bool:
        was_there = self._base is not None
        self._replace(None)
        self._ttl = None
        return was_there

    def expire(self, ttl: int | None) -> bool:
        if self._base is None:
            return False
        self._ttl = ttl
        return True

    def _replace(self, base: Found) -> None:
        self._base, self._is_new, self._dropped = base, True, 0
        self._head, self._tail = [], []

    def _length(self) -> int:
        assert self._base is not None
        return len(self._head) + len(self._base) - self._dropped + len(self._tail)

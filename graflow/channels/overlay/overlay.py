"""Overlay: what a transaction has read and is going to change, in front of the channel itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from typing_extensions import override

from graflow.channels.backend import Backend, BackendInFront
from graflow.channels.codec.codec import Record, decode
from graflow.channels.commits.commit import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Held,
    Holds,
    KeysAre,
    NotAList,
    Pop,
    Push,
    Put,
    StartsWith,
    Unlocked,
)
from graflow.channels.commits.settling import Settlement, record_of, settle
from graflow.channels.operation.attempts import turn_name
from graflow.channels.overlay.pending import Pending
from graflow.exceptions import ChannelTypeError

__all__ = ["Overlay", "Stale"]


class Stale(Exception):
    """A transaction sees that something it read has changed: it can't succeed any more."""

    def __init__(self, key: str) -> None:
        """Name the key."""
        super().__init__(key)
        self.key = key


class _Promise(NamedTuple):
    """An answer that was handed out before it was known.

    Attributes:
        number: The number of its change among all of the transaction.
        pending: The answer.
    """

    number: int
    pending: Pending


class Overlay(BackendInFront):
    """A backend that keeps all changes to itself, and notes what was read.

    Attributes:
        changes: All changes so far, in order.
        is_over: Whether the transaction is over, so that nobody may use this any more.
    """

    def __init__(self, inner: Backend) -> None:
        """Begin without changes."""
        super().__init__(inner)
        self.changes: list[Change] = []
        self.is_over = False
        self._changed: dict[str, list[Change]] = {}
        self._bases: dict[str, Held | None] = {}  # what was read whole
        self._untimed: set[str] = set()  # of these, those whose time to live nobody has asked for
        self._heads: dict[str, list[bytes]] = {}  # lists of which only the first items were read
        self._listed: list[str] | None = None
        self._promises: list[_Promise] = []

    def checks(self, owner: str = "") -> list[Check]:
        """Return what must hold for the transaction to be of one moment.

        Args:
            owner: Who may have the turns to change the keys that were read.
        """
        checks: list[Check] = []
        if not (self._bases or self._heads or self._listed is not None):
            return checks
        for key, held in self._bases.items():
            checks.append(Holds(key, None if held is None else held.record))
        for key, items in self._heads.items():
            if key not in self._bases:
                checks.append(StartsWith(key, tuple(items)))
        read = {*self._bases, *self._heads}
        if self._listed is not None:
            checks.append(KeysAre(self._listed))
            read.add("")
        checks += [Unlocked(turn_name(key), owner) for key in read]
        return checks

    def end(self, answers: Sequence[Answer] = ()) -> None:
        """Be over; with `answers`, all that was handed out is known from now on."""
        self.is_over = True
        if answers:
            for number, pending in self._promises:
                pending.settle(_told(answers[number]))

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        self._learn(keys)
        return [self._now(key) for key in keys]

    @override
    def get(self, key: str) -> Record | None:
        self._check_open()
        if not self._is_known(key):
            record = self.inner.get(key)
            self._note(key, None if record is None else Held(record, None))
            self._untimed.add(key)
        held = self._now(key)
        return None if held is None else held.record

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return [held is not None for held in self.read(keys)]

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        changes = self._changed.get(key, ())
        if not self._is_known(key) and all(map(_leaves_the_head, changes)):
            popped = sum(isinstance(change, Pop) for change in changes)
            if self._learn_head(key, popped + count):
                return self._heads[key][popped : popped + count]
        record = self.get(key)
        if isinstance(record, bytes):
            raise NotAList(key)
        return record[:count] if record else []

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        self._check_open()
        if kept:
            return self.inner.keys(kept=True)
        if self._listed is None:
            self._listed = self.inner.keys()
        found = dict.fromkeys(self._listed)
        for change in self.changes:
            if isinstance(change, Put | Push | Add):
                found[change.key] = None
            elif isinstance(change, Delete) or (
                isinstance(change, Pop) and self._now(change.key) is None
            ):
                found.pop(change.key, None)
        return list(found)

    @override
    def clear(self, *, kept: bool = False) -> None:
        if kept:
            raise ChannelTypeError("a channel can't be destroyed inside a transaction")
        for key in self.keys():
            self._add(Delete(key))

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        for check in checks:
            if not self._holds(check):
                return Conflict("" if isinstance(check, KeysAre) else check[0])
        return [self.apply(change) for change in changes]

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        self._add(Put(key, record if isinstance(record, bytes) else list(record), ttl))

    @override
    def apply(self, change: Change) -> Any:
        key = change.key
        if isinstance(change, Put):
            self.put(*change)
            return None
        if isinstance(change, Pop):
            items = self.head(key, 1)
            if items:
                self._add(change)
            return items[0] if items else None
        index = self._add(change)
        if self._is_known(key):
            try:
                return self._after(key)[1][index]
            except BaseException:  # it can't be made, so it was not
                self._changed[key].pop()
                self.changes.pop()
                raise
        pending = Pending(partial(self._answer, key, index))
        self._promises.append(_Promise(len(self.changes) - 1, pending))
        return pending

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        raise ChannelTypeError(
            "a lock can't be taken inside a transaction, which needs none: what it reads is of one "
            "moment; take the lock around it, if others are to be kept out"
        )

    @override
    def close(self) -> None:
        """Close nothing: the channel is not the transaction's."""

    def _check_open(self) -> None:
        if self.is_over:
            raise ChannelTypeError("the transaction is over; use the channel itself")

    def _add(self, change: Change) -> int:
        """Note a change, and return its number among those of its key."""
        if self.is_over:
            self._check_open()
        self.changes.append(change)
        changes = self._changed.get(change.key)
        if changes is None:
            self._changed[change.key] = [change]
            return 0
        changes.append(change)
        return len(changes) - 1

    def _is_known(self, key: str) -> bool:
        """Tell whether what a key holds now follows from what is known of it."""
        if key in self._bases:
            return True
        first = self._changed[key][0] if key in self._changed else None
        return isinstance(first, Delete) or (isinstance(first, Put) and first.ttl != KEEP)

    def _after(self, key: str, count: int | None = None) -> tuple[Held | None, list[Answer]]:
        """Return what a key holds after so many of its changes, and what they answer."""
        base = self._bases.get(key)
        record = None if base is None else base.record
        done = settle((), self._changed.get(key, ())[:count], lambda _: record, tuple)
        assert isinstance(done, Settlement)
        if not done.outcomes:
            return base, []
        outcome = done.outcomes[key]
        now = record_of(outcome, record)
        left = outcome.ttl or (base.left if base is not None and outcome.ttl == KEEP else None)
        return None if now is None else Held(now, left), done.answers

    def _now(self, key: str) -> Held | None:
        held = self._after(key)[0]
        if held is None or isinstance(held.record, bytes):
            return held
        return Held(list(held.record), held.left)

    def _learn(self, keys: Sequence[str]) -> None:
        self._check_open()
        unknown = [
            key for key in dict.fromkeys(keys) if key in self._untimed or not self._is_known(key)
        ]
        if not unknown:
            return
        for key, held in zip(unknown, self.inner.read(unknown), strict=True):
            self._note(key, held)
            self._untimed.discard(key)

    def _note(self, key: str, held: Held | None) -> None:
        """Note what a key holds, which must fit what was read of it before."""
        record = None if held is None else held.record
        if key in self._bases:
            before = self._bases[key]
            if record != (None if before is None else before.record):
                raise Stale(key)
        head = self._heads.get(key)
        if head and (not isinstance(record, list) or not _begins(record, head)):
            raise Stale(key)
        self._bases[key] = held

    def _learn_head(self, key: str, count: int) -> bool:
        """Find out the first `count` items of a list; tell whether there are so many."""
        self._check_open()
        known = self._heads.get(key, [])
        if len(known) < count:
            items = self.inner.head(key, count)
            if not _begins(items, known):
                raise Stale(key)
            if len(items) < count:
                return False
            self._heads[key] = items
        return True

    def _holds(self, check: Check) -> bool:
        match check:
            case Holds(key, record):
                return self.get(key) == record
            case StartsWith(key, items):
                return self.head(key, len(items)) == list(items)
            case KeysAre(keys):
                return set(self.keys()) == set(keys)
            case _:
                return True  # the turns of the whole transaction are what counts

    def _answer(self, key: str, index: int) -> Any:
        self._learn((key,))
        return _told(self._after(key, index + 1)[1][index])


def _leaves_the_head(change: Change) -> bool:
    """Tell whether a change puts nothing at the head of a list."""
    return isinstance(change, Pop) or (isinstance(change, Push) and not change.at_head)


def _begins(items: Sequence[bytes], head: Sequence[bytes]) -> bool:
    return list(items[: len(head)]) == list(head)


def _told(answer: Answer) -> Any:
    """Return an answer as an operation does: of a sum, the number."""
    return decode(answer) if isinstance(answer, bytes) else answer

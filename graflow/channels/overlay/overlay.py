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
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Held,
    Holds,
    KeysAre,
    NotAList,
    Pop,
    Push,
    Put,
    Refusal,
    StartsWith,
    Unlocked,
)
from graflow.channels.commits.settling import Settlement, record_of, settle
from graflow.channels.hidden_keys import KEPT
from graflow.channels.operation.attempts import turn_name
from graflow.channels.operation.blame import does_not_fit
from graflow.channels.overlay.pending import Pending
from graflow.exceptions import ChannelTypeError

__all__ = ["Overlay", "Stale"]


class Stale(Exception):
    """A transaction sees that something it read has changed: it can't succeed any more."""

    def __init__(self, key: str) -> None:
        """Name the key."""
        super().__init__(key)
        self.key = key


class _Unread:
    """Stands for what a key holds while nobody has asked."""


_UNREAD = _Unread()


class _Key:
    """One key as a transaction sees it.

    Attributes:
        base: What the key held when it was read.
        head: The first items of its list, if only these were read.
        changes: What the transaction does to it, in order.
    """

    __slots__ = ("base", "changes", "head")

    def __init__(self) -> None:
        self.base: Held | _Unread | None = _UNREAD
        self.head: list[bytes] = []
        self.changes: list[Change] = []

    @property
    def is_known(self) -> bool:
        """Whether what it holds now follows from what is known of it."""
        return not isinstance(self.base, _Unread) or self._is_replaced

    @property
    def _is_replaced(self) -> bool:
        first = self.changes[0] if self.changes else None
        return isinstance(first, Delete) or (isinstance(first, Put) and first.ttl != KEEP)

    @property
    def is_popped_alone(self) -> bool:
        """Whether its list has lost items at the head, and got none there."""
        return all(
            isinstance(change, Pop) or (isinstance(change, Push) and not change.at_head)
            for change in self.changes
        )

    def after(self, count: int | None = None) -> tuple[Held | None, list[Answer]]:
        """Return what it holds after so many of the changes, and what they answer."""
        base = None if isinstance(self.base, _Unread) else self.base
        record = None if base is None else base.record
        done = settle((), self.changes[:count], lambda _: record, tuple)
        assert isinstance(done, Settlement)
        if not done.outcomes:
            return base, []
        (outcome,) = done.outcomes.values()
        now = record_of(outcome, record)
        left = outcome.ttl or None
        if outcome.ttl == KEEP and base is not None:
            left = base.left
        return None if now is None else Held(now, left), done.answers


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
        self._keys: dict[str, _Key] = {}
        self._listed: list[str] | None = None
        self._promises: list[_Promise] = []

    def checks(self, owner: str = "") -> list[Check]:
        """Return what must hold for the transaction to be of one moment.

        Args:
            owner: Who may have the turns to change the keys that were read.
        """
        checks: list[Check] = []
        for key, known in self._keys.items():
            if not isinstance(known.base, _Unread):
                checks.append(Holds(key, None if known.base is None else known.base.record))
            elif known.head:
                checks.append(StartsWith(key, tuple(known.head)))
        checks += [Unlocked(turn_name(check[0]), owner) for check in tuple(checks)]  # type: ignore[arg-type]
        if self._listed is not None:
            checks += (KeysAre(self._listed), Unlocked(turn_name(""), owner))
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
        held = self.read((key,))[0]
        return None if held is None else held.record

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return [held is not None for held in self.read(keys)]

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        known = self._key(key)
        if not known.is_known and known.is_popped_alone:
            popped = sum(isinstance(change, Pop) for change in known.changes)
            if self._learn_head(key, popped + count):
                return known.head[popped : popped + count]
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
        for key, known in list(self._keys.items()):
            if key.startswith(KEPT) or all(isinstance(each, Expire) for each in known.changes):
                continue
            if self._exists(key, known):
                found[key] = None
            else:
                found.pop(key, None)
        return list(found)

    def _exists(self, key: str, known: _Key) -> bool:
        """Tell whether a key that changes exists then, and read it only if it has to be."""
        if any(isinstance(change, Pop) for change in known.changes):
            self._learn((key,))
        if known.is_known:
            return self._now(key) is not None
        decisive = [change for change in known.changes if not isinstance(change, Expire)]
        return not isinstance(decisive[-1], Delete)

    @override
    def clear(self, *, kept: bool = False) -> None:
        if kept:
            raise ChannelTypeError("a channel can't be destroyed inside a transaction")
        for key in self.keys():
            self._add(Delete(key))

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        self._check_open()
        for check in checks:
            if not self._holds(check):
                return Conflict("" if isinstance(check, KeysAre) else check[0])
        return [self.apply(change) for change in changes]

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        self.apply(Put(key, record if isinstance(record, bytes) else list(record), ttl))

    @override
    def apply(self, change: Change) -> Any:
        self._check_open()
        key = change.key
        if isinstance(change, Pop):
            items = self.head(key, 1)
            if items:
                self._add(change)
            return items[0] if items else None
        was_known = self._key(key).is_known
        known = self._add(change)
        if isinstance(change, Put):
            return None
        index = len(known.changes) - 1
        if was_known:
            try:
                return known.after()[1][index]
            except BaseException:  # it can't be made, so it was not
                known.changes.pop()
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

    def _key(self, key: str) -> _Key:
        self._check_open()
        return self._keys.setdefault(key, _Key())

    def _add(self, change: Change) -> _Key:
        known = self._key(change.key)
        known.changes.append(change)
        self.changes.append(change)
        return known

    def _now(self, key: str) -> Held | None:
        try:
            held = self._keys[key].after()[0]
        except Refusal as refusal:  # a change that nobody had looked at
            raise does_not_fit(self.name, refusal) from None
        if held is None or isinstance(held.record, bytes):
            return held
        return Held(list(held.record), held.left)

    def _learn(self, keys: Sequence[str]) -> None:
        unknown = [key for key in dict.fromkeys(keys) if not self._key(key).is_known]
        if unknown:
            self._read_base(unknown)

    def _read_base(self, unknown: list[str]) -> None:
        for key, held in zip(unknown, self.inner.read(unknown), strict=True):
            known = self._keys[key]
            record = None if held is None else held.record
            if known.head and (not isinstance(record, list) or not _begins(record, known.head)):
                raise Stale(key)
            known.base = held

    def _learn_head(self, key: str, count: int) -> bool:
        """Find out the first `count` items of a list; tell whether there are so many."""
        known = self._key(key)
        if len(known.head) < count:
            items = self.inner.head(key, count)
            if not _begins(items, known.head):
                raise Stale(key)
            if len(items) < count:
                return False
            known.head = items
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
        known = self._keys[key]
        # Whether a key existed that is deleted first can't be told by what it holds then.
        if isinstance(known.base, _Unread) and (index == 0 or not known.is_known):
            self._read_base([key])
        try:
            return _told(known.after(index + 1)[1][index])
        except Refusal as refusal:
            raise does_not_fit(self.name, refusal) from None


def _begins(items: Sequence[bytes], head: Sequence[bytes]) -> bool:
    return list(items[: len(head)]) == list(head)


def _told(answer: Answer) -> Any:
    """Return an answer as an operation does: of a sum, the number."""
    return decode(answer) if isinstance(answer, bytes) else answer

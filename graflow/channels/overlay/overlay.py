"""Overlay: what a transaction has read and is going to change, in front of the channel itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NoReturn

from typing_extensions import override

from graflow.channels.backend import Backend, BackendInFront, Extent, Signals
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
    Put,
    Refusal,
    StartsWith,
    Unlocked,
)
from graflow.channels.commits.stage import Stage
from graflow.channels.hidden_keys import KEPT
from graflow.channels.operation.attempts import turn_name
from graflow.channels.operation.told_errors import misfit
from graflow.channels.overlay.heads import KnownHead, begins
from graflow.channels.overlay.pending import Pending
from graflow.exceptions import ChannelTypeError

__all__ = ["Overlay", "Stale"]


class Stale(Exception):
    """A transaction sees that something it read has changed: it can't succeed any more."""

    def __init__(self, key: str) -> None:
        """Name the key."""
        super().__init__(key)
        self.key = key


class Overlay(BackendInFront):
    """A backend that keeps all changes to itself, and notes what was read.

    Several threads may use it.

    Attributes:
        changes: All changes so far, in order.
        is_over: Whether the transaction is over, so that nobody may use this any more.
    """

    def __init__(self, inner: Backend) -> None:
        """Begin without changes."""
        super().__init__(inner.fresh)
        self.changes: list[Change] = []
        self.is_over = False
        self._lock = threading.RLock()
        self._numbers: dict[str, list[int]] = {}  # of the changes of each key, as far as counted
        self._counted = 0
        self._pending: dict[int, Pending] = {}  # answers not known yet, by the change's number
        self._stages: dict[str, Stage] = {}  # what known keys hold, as far as somebody asked
        self._bases: dict[str, Held | None] = {}  # what was read whole
        self._untimed: set[str] = set()  # of these, those whose time to live nobody has asked for
        self._heads: dict[str, KnownHead] = {}  # of lists of which only the first items were read
        self._listed: dict[str, None] | None = None  # as a set with an order

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
        read = set(self._bases)
        for key, head in self._heads.items():
            if head.used and key not in self._bases:
                checks.append(StartsWith(key, tuple(head.needed())))
                read.add(key)
        if self._listed is not None:
            checks.append(KeysAre(list(self._listed)))
            read.add("")
        checks += [Unlocked(turn_name(key), owner) for key in read]
        return checks

    def end(self, answers: Sequence[Answer] = ()) -> None:
        """Be over; with `answers`, all that was handed out is known from now on."""
        with self._lock:
            self.is_over = True
            for number, pending in self._pending.items():
                if answers:
                    pending.settle(_told(answers[number]))
                else:
                    pending.call_off()

    @property
    def has_promised(self) -> bool:
        """Whether answers were handed out that were not known at the time."""
        return bool(self._pending)

    def undo(self, count: int) -> None:
        """Forget all changes but the first `count`; what was read stays read."""
        with self._lock:
            while len(self.changes) > count:
                numbers = self._changed
                key = self.changes.pop().key
                self._counted -= 1
                pending = self._pending.pop(numbers[key].pop(), None)
                if pending is not None:
                    pending.call_off()
                if not numbers[key]:
                    del numbers[key]
                self._stages.pop(key, None)
            for key, head in self._heads.items():
                head.begin_anew(self._changes_of(key))

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        with self._lock:
            self._learn(keys)
            return [self._now(key) for key in keys]

    @override
    def get(self, key: str) -> Record | None:
        with self._lock:
            self._check_open()
            if not self._is_known(key):
                record = self.inner.get(key)
                self._note(key, None if record is None else Held(record, None))
                self._untimed.add(key)
            if key in self._changed:
                return self._stage(key).record()
            base = self._bases[key]
            if base is None or isinstance(base.record, bytes):
                return base and base.record
            return list(base.record)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        with self._lock:
            self._learn(keys)
            return [self._stage(key).exists for key in keys]

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        with self._lock:
            if not self._is_known(key):
                head = self._heads.get(key)
                if head is None:
                    head = self._heads[key] = KnownHead(self._changes_of(key))
                popped = head.popped
                if popped is not None and self._learn_head(key, head, popped + count):
                    return head.items[popped : popped + count]
            self._learn((key,))
            return self._stage(key).head(key, count)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        with self._lock:
            self._check_open()
            if kept:
                return self.inner.keys(kept=True)
            if self._listed is None:
                self._listed = dict.fromkeys(self.inner.keys())
            found = self._listed.copy()
            for key in self._changed:
                exists = None if key.startswith(KEPT) else self._will_exist(key)
                if exists:
                    found[key] = None
                elif exists is False:
                    found.pop(key, None)
            return list(found)

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        return Backend.scan(self, prefix, kept=kept)  # what was changed here belongs to it

    @override
    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        return Backend.measure(self, keys)

    @override
    def clear(self, *, kept: bool = False) -> None:
        if kept:
            raise ChannelTypeError("a channel can't be destroyed inside a transaction")
        with self._lock:
            for key in self.keys():
                self._note_change(Delete(key))

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self._lock:
            for check in checks:
                if not self._holds(check):
                    return Conflict("" if isinstance(check, KeysAre) else check[0])
            before = len(self.changes)
            try:
                return [self.apply(change) for change in changes]
            except BaseException:
                self.undo(before)
                raise

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        change = Put(key, record if isinstance(record, bytes) else list(record), ttl)
        lock = self._lock
        lock.acquire()  # a `with` takes longer
        try:
            self._note_change(change)
        finally:
            lock.release()

    @override
    def apply(self, change: Change) -> Any:
        key = change.key
        if isinstance(change, Put):
            self.put(*change)
            return None
        with self._lock:
            if isinstance(change, Pop):
                items = self.head(key, 1)
                if items:
                    self._note_change(change)
                return items[0] if items else None
            self._check_open()
            if self._is_known(key):
                self._stage(key)
                return self._note_change(change)
            exists = self._existed(key) if isinstance(change, Delete) else None
            if exists is not None:
                self._note_change(change)
                return exists
            pending = Pending(partial(self._look, key))
            self._pending[len(self.changes)] = pending
            self._note_change(change)
            return pending

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        raise ChannelTypeError(
            "a lock can't be taken inside a transaction, which needs none: what it reads is of one "
            "moment; take the lock around it, if others are to be kept out"
        )

    @override
    def signals(self) -> Signals:
        raise ChannelTypeError(
            "a transaction can't wait: what it reads is of one moment; wait for the key first, and "
            "then begin the transaction"
        )

    @override
    def beside(self, name: str) -> Backend:
        raise ChannelTypeError(
            "another channel is no part of a transaction on this one; open it where it is to be "
            "used"
        )

    @override
    def close(self) -> None:
        """Close nothing: the channel is not the transaction's."""

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled."""
        raise ChannelTypeError("a transaction can't leave its process; do it all in one place")

    def _check_open(self) -> None:
        if self.is_over:
            raise ChannelTypeError("the transaction is over; use the channel itself")

    def _note_change(self, change: Change) -> Answer:
        """Note a change, and return its answer if it is known.

        Raises:
            NotAList, NotANumber, ChannelOverflowError: It is known that it can't be made.
        """
        if self.is_over:
            self._check_open()
        stage = self._stages.get(change.key) if self._stages else None
        answer = None if stage is None else stage.make(change)
        self.changes.append(change)
        if self._heads and change.key in self._heads:
            self._heads[change.key].follow(change)
        return answer

    @property
    def _changed(self) -> dict[str, list[int]]:
        """The numbers of the changes of each key; a transaction that only writes asks for none."""
        for number in range(self._counted, len(self.changes)):
            self._numbers.setdefault(self.changes[number].key, []).append(number)
        self._counted = len(self.changes)
        return self._numbers

    def _changes_of(self, key: str) -> list[Change]:
        return [self.changes[number] for number in self._changed.get(key, ())]

    def _is_known(self, key: str) -> bool:
        """Tell whether what a key holds now follows from what is known of it."""
        if key in self._bases:
            return True
        first = self.changes[self._changed[key][0]] if key in self._changed else None
        return isinstance(first, Delete) or (isinstance(first, Put) and first.ttl != KEEP)

    def _stage(self, key: str) -> Stage:
        """Return what a known key holds now; the answers to its changes are known from now on.

        Raises:
            ChannelTypeError, ChannelOverflowError: One of them can't be made.
        """
        stage = self._stages.get(key)
        if stage is not None:
            return stage
        base = self._bases.get(key)
        stage = Stage(None if base is None else base.record)
        numbers = self._changed.get(key, [])
        for number in numbers:
            try:
                answer = stage.make(self.changes[number])
            except Refusal as refused:
                raise misfit(self.name, refused) from None
            pending = self._pending.get(number)
            # What was there before can't be told by a delete that comes first.
            if pending is not None and (key in self._bases or number != numbers[0]):
                pending.settle(_told(answer))
        self._stages[key] = stage
        return stage

    def _now(self, key: str) -> Held | None:
        stage = self._stage(key)
        record, base = stage.record(), self._bases.get(key)
        if record is None:
            return None
        return Held(record, stage.ttl or (base.left if base and stage.ttl == KEEP else None))

    def _existed(self, key: str) -> bool | None:
        """Tell whether a key existed, if the list of keys says so; `None` if it does not."""
        if self._listed is None or key in self._changed or key.startswith(KEPT):
            return None
        return key in self._listed

    def _will_exist(self, key: str) -> bool | None:
        """Tell whether a key that was changed exists now; `None` if that has not changed."""
        for number in reversed(self._changed[key]):
            change = self.changes[number]
            if isinstance(change, Pop):
                self._learn((key,))
                return self._stage(key).exists
            if not isinstance(change, Expire):
                return not isinstance(change, Delete)
        return None

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
        needed = head.needed() if head is not None else []
        if needed and (not isinstance(record, list) or not begins(record, needed)):
            raise Stale(key)
        self._bases[key] = held

    def _learn_head(self, key: str, head: KnownHead, count: int) -> bool:
        """Find out the first `count` items of a list; tell whether there are so many."""
        self._check_open()
        if len(head.items) < count:
            try:
                # Twice as many, lest a loop that empties a list ask for each item.
                items = self.inner.head(key, max(count, 2 * len(head.items)))
            except NotAList:
                return False  # as whoever reads it whole will tell, and note
            if not begins(items, head.needed()):
                raise Stale(key)
            if len(items) < count:
                return False
            head.items = items
        head.used = max(count, head.used)
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

    def _look(self, key: str) -> None:
        """Find out the answers to the changes of a key."""
        with self._lock:
            self._check_open()
            if key not in self._bases:
                self._note(key, self.inner.read((key,))[0])
                self._stages.pop(key, None)
            self._stage(key)


def _told(answer: Answer) -> Any:
    """Return an answer as an operation does: of a sum, the number."""
    return decode(answer) if isinstance(answer, bytes) else answer

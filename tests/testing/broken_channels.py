"""Channels with one realistic defect each; the suite has to reject every one."""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from typing_extensions import override

from graflow.channels.arguments import add
from graflow.channels.backend import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Held,
    NotAList,
    NotANumber,
    Pop,
    Push,
    Put,
)
from graflow.channels.codec.codec import Record, decode, encode, encode_item
from graflow.channels.commits.lock_records import holder_in
from graflow.channels.commits.settling import Outcome
from graflow.channels.hidden_keys import KEPT, lock_key
from graflow.channels.locks.lock import ChannelLock
from graflow.exceptions import ChannelError
from tests.testing.dict_channel import DictBackend, DictChannel, Store

__all__ = ["BROKEN", "FLAT", "LOSSY", "Hooked", "LossyChannel", "broken"]

BROKEN: dict[str, type[DictChannel]] = {}
"""Channels whose handles share a store by name."""

FLAT: dict[str, type[DictChannel]] = {}
"""Channels that all share one store, whatever their names."""

LOSSY: dict[str, type[DictChannel]] = {}
"""Channels over a connection that loses replies."""


def broken(name: str, among: dict[str, type[DictChannel]] = BROKEN) -> Callable[[Any], Any]:
    """Enter a channel into a table, or the channel on a backend."""

    def enter(kind: Any) -> Any:
        among[name] = channel_on(kind) if issubclass(kind, DictBackend) else kind
        return kind

    return enter


def channel_on(backend: type[DictBackend]) -> type[DictChannel]:
    """Return the class of channels on a kind of backend."""
    return type(f"On{backend.__name__}", (DictChannel,), {"kind": backend})


class Hooked(DictBackend):
    """Does something else than it is asked to, where a user's key is to change."""

    def instead(self, change: Change) -> Iterable[Change]:
        """Return what is done in place of a change; one of them is of the same type."""
        return [change]

    def answered(self, change: Change, answer: Answer) -> Answer:
        """Return what is answered, and do more if there is more to do."""
        return answer

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            made = [self._instead(change) for change in changes]
            answers = super().commit(checks, [each for done in made for each in done])
            if isinstance(answers, Conflict):
                return answers
            found = []
            for change, done in zip(changes, made, strict=True):
                own = next(n for n, each in enumerate(done) if type(each) is type(change))
                mine = answers[own]
                del answers[: len(done)]
                hidden = change.key.startswith(KEPT)
                found.append(mine if hidden else self.answered(change, mine))
            return found

    def _instead(self, change: Change) -> list[Change]:
        return [change] if change.key.startswith(KEPT) else list(self.instead(change))

    def again(self, change: Change) -> None:
        """Make one more change, without hooks."""
        super().commit((), (change,))


def deep(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a value with every part of it changed."""
    if isinstance(value, list):
        return [deep(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): deep(item, change) for key, item in value.items()}
    changed = change(value)
    if isinstance(changed, tuple):
        return tuple(deep(item, change) for item in changed)
    return deep(changed, change) if isinstance(changed, list) else changed


class Changes(Hooked):
    """Changes parts of what it stores."""

    def change(self, part: Any) -> Any:
        return part

    def whole(self, value: Any) -> Any:
        return deep(value, self.change)

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put):
            change = change._replace(record=encode(self.whole(decode(change.record))))
        return [change]


@broken("a tuple becomes a list")
class TupleToList(Changes):
    def change(self, part: Any) -> Any:
        return list(part) if type(part) is tuple else part


@broken("an int key becomes text")
class IntKeyToText(Changes):
    def whole(self, value: Any) -> Any:
        if isinstance(value, dict) and all(type(key) is int for key in value):
            return {str(key): item for key, item in value.items()}
        return value


@broken("in goes by the keys, unchecked")
class UncheckedIn(DictChannel):
    def __contains__(self, key: object) -> bool:
        return key in self.keys()


@broken("a loop is over the keys")
class Loops(DictChannel):
    def __iter__(self) -> Any:  # type: ignore[override]
        return iter(self.keys())


@broken("True becomes 1")
class BoolToInt(Changes):
    def change(self, part: Any) -> Any:
        return int(part) if type(part) is bool else part


@broken("a negative zero loses its sign")
class NoNegativeZero(Changes):
    def change(self, part: Any) -> Any:
        return part + 0.0 if type(part) is float and part == 0 else part


@broken("NaN becomes null")
class NanToNone(Changes):
    def change(self, part: Any) -> Any:
        return None if type(part) is float and part != part else part


@broken("a whole float becomes an int")
class FloatToInt(Changes):
    def change(self, part: Any) -> Any:
        return int(part) if type(part) is float and part.is_integer() else part


@broken("an int goes through a double")
class IntThroughDouble(Changes):
    def change(self, part: Any) -> Any:
        return int(float(part)) if type(part) is int and abs(part) < 2**900 else part


@broken("a fold is lost")
class NoFold(Changes):
    def change(self, part: Any) -> Any:
        return part.replace(fold=0) if isinstance(part, datetime) else part


@broken("a decimal is normalized")
class Normalized(Changes):
    def change(self, part: Any) -> Any:
        return part.normalize() if isinstance(part, Decimal) and part.is_finite() else part


@broken("text is stripped")
class Stripped(Changes):
    def change(self, part: Any) -> Any:
        return part.strip("\0 \n") if type(part) is str else part


@broken("what is stored is the caller's object")
class Aliasing(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        super().set(key, value, ttl, **options)
        self.objects = {**getattr(self, "objects", {}), key: (self.backend.get(key), value)}

    def get(self, key: str, default: Any = None) -> Any:
        record, value = getattr(self, "objects", {}).get(key, (None, None))
        if record is not None and record == self.backend.get(key):
            return value
        return super().get(key, default)


@broken("what is read is handed out again")
class CachedReads(DictChannel):
    cache: dict[bytes, Any] = {}  # noqa: RUF012 - it is broken

    def get(self, key: str, default: Any = None) -> Any:
        record = self.backend.get(key)
        if not isinstance(record, bytes):
            return super().get(key, default)
        return self.cache.setdefault(record, decode(record))


@broken("set keeps the old TTL")
class SetKeepsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and change.ttl is None:
            change = change._replace(ttl=KEEP)
        return [change]


@broken("set_many keeps the old TTLs")
class SetManyKeepsTtl(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if len(changes) > 1 and not checks:
            changes = [each._replace(ttl=each.ttl or KEEP) for each in changes if type(each) is Put]
        return super().commit(checks, changes)


@broken("append ignores its TTL")
class AppendIgnoresTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(ttl=KEEP) if isinstance(change, Push) else change]


@broken("append clears the TTL")
class AppendClearsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and change.ttl == KEEP:
            return [change, Expire(change.key, None)]
        return [change]


@broken("append to an expired list revives its TTL")
class RevivedTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        has_expired = change.key in self.store.entries and self.find(change.key) is None
        if isinstance(change, Push) and change.ttl == KEEP and has_expired:
            return [change, Expire(change.key, 500_000)]
        return [change]


@broken("append and expire are two steps")
class TwoSteps(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(
            checks, [each._replace(ttl=KEEP) if type(each) is Push else each for each in changes]
        )
        for each in changes:
            if type(each) is Push and each.ttl != KEEP:
                super().commit((), [Expire(each.key, each.ttl)])
        return answers


@broken("the TTL is in whole seconds")
class WholeSeconds(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and change.ttl:
            change = change._replace(ttl=max(1, change.ttl // 1000) * 1000)
        return [change]


@broken("the TTL of a missing key is None")
class TtlOfNothing(DictChannel):
    def ttl(self, key: str) -> float | None:
        return super().ttl(key) if self.exists(key) else None


@broken("update drops the TTL")
class UpdateDropsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and change.ttl == KEEP:
            change = change._replace(ttl=None)
        return [change]


@broken("delete of an expired key is True")
class DeleteOfExpired(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        self.was_there = change.key in self.store.entries
        return [change]

    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        return self.was_there if isinstance(change, Delete) else answer


@broken("keys lists what has expired")
class ExpiredKeys(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return [key for key in self.store.entries if key.startswith(KEPT) is kept]


@broken("exists ignores the time")
class ExpiredExists(DictBackend):
    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return [key in self.store.entries for key in keys]


@broken("a refused append has cleared the TTL")
class RefusedClearsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and isinstance(self.find(change.key), bytes):
            self.again(Expire(change.key, None))
        return [change]


@broken("an empty list is a missing key")
class EmptyIsMissing(DictBackend):
    @override
    def find(self, key: str) -> Record | None:
        return super().find(key) or None


@broken("a stored None is a missing key")
class NoneIsMissing(DictChannel):
    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key, default)
        return default if value is None else value


@broken("pop leaves an empty list")
class PopLeavesEmpty(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        if isinstance(change, Pop) and answer is not None and self.find(change.key) is None:
            self.again(Put(change.key, []))
        return answer


@broken("pop takes the last item")
class PopFromTheEnd(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        items = self.find(change.key)
        if isinstance(change, Pop) and isinstance(items, list):
            return [Put(change.key, [items[-1], *items[:-1]], KEEP), change]
        return [change]


@broken("prepend appends")
class PrependAppends(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(at_head=False) if isinstance(change, Push) else change]


@broken("append returns the old length")
class OldLength(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        return answer - 1 if isinstance(change, Push) and isinstance(answer, int) else answer


@broken("append replaces what is no list")
class AppendReplaces(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and isinstance(self.find(change.key), bytes):
            return [Delete(change.key), change]
        return [change]


@broken("a JSON array is taken for a list")
class ArrayIsAList(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and self.find(change.key) in (b'"[]"', b"{}"):
            return [Put(change.key, []), change]
        return [change]


@broken("pop from what is no list gives the default")
class PopFromAnything(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        try:
            return super().commit(checks, changes)
        except NotAList:
            if type(changes[0]) is Pop:
                return [None]
            raise


@broken("a sum loses updates")
class LostUpdate(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        (change, *others) = changes
        if others or not isinstance(change, Add):
            return super().commit(checks, changes)
        record = self.find(change.key)
        number = 0 if record is None else decode(record)
        if type(number) not in {int, float}:
            raise NotANumber
        total = encode_item(add(number, change.amount))
        super().commit((), [Put(change.key, total, KEEP)])
        return [total]


@broken("a float sum goes through decimal text")
class DecimalSum(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        total = decode(answer) if isinstance(change, Add) and isinstance(answer, bytes) else None
        if type(total) is float and abs(total) < 1e15:
            answer = encode_item(float(format(Decimal(repr(total)), ".10f")))
            self.again(Put(change.key, answer, KEEP))
        return answer


@broken("a sum takes True for 1")
class AddsBool(DictChannel):
    def atomic_add(self, key: str, amount: Any = 1) -> Any:
        return super().atomic_add(key, int(amount) if amount is True else amount)


@broken("a sum clears the TTL")
class AddClearsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change, Expire(change.key, None)] if isinstance(change, Add) else [change]


@broken("a sum beyond 64 bits is a float")
class SumOf64Bits(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        total = decode(answer) if isinstance(change, Add) and isinstance(answer, bytes) else None
        if type(total) is int and 2**63 <= abs(total) < 2**900:
            answer = encode_item(float(total))
            self.again(Put(change.key, answer, KEEP))
        return answer


@broken("update overwrites what was written in between")
class BlindSwap(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_update = isinstance(changes[0], Put) and changes[0].ttl == KEEP
        return super().commit(() if is_update else checks, changes)


@broken("set_many writes one by one")
class OneByOne(DictChannel):
    def set_many(self, mapping: Mapping[str, object], ttl: Any = None) -> None:
        for key, value in mapping.items():
            self.set(key, value, ttl)


@broken("set_many is not one moment")
class WritesInTurn(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if checks:
            return super().commit(checks, changes)
        for each in changes[:-1]:
            super().commit((), [each])
        return super().commit((), changes[-1:])


@broken("get_many is not one moment")
class ReadsInTurn(DictBackend):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return [held for key in keys for held in super(ReadsInTurn, self).read([key])]


@broken("clear forgets lists")
class ClearForgetsLists(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys():
            if isinstance(self.find(key), bytes):
                self.apply(Delete(key))


@broken("clear frees locks")
class ClearFreesLocks(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=True)


@broken("clear stops at 10,000 keys")
class ClearStops(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys()[:10_000]:
            self.apply(Delete(key))


@broken("keys are case-insensitive")
class CaseInsensitive(Hooked):
    def cased(self, key: str) -> str:
        lower = {each.lower(): each for each in list(self.store.entries)}
        return lower.get(key.lower(), key)

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return super().read(list(map(self.cased, keys)))

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(key=self.cased(change.key))]


@broken("keys are composed")
class Composed(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        super().set(unicodedata.normalize("NFC", key), value, ttl, **options)


@broken("deleting takes a pattern")
class DeletesPattern(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if not isinstance(change, Delete):
            return [change]
        found = [
            each for each in self.keys() if each == change.key or fnmatchcase(each, change.key)
        ]
        return [Delete(each) for each in found] or [change]


@broken("an error is that of the dict below")
class BareError(DictChannel):
    def ttl(self, key: str) -> float | None:
        try:
            return super().ttl(key)
        except ChannelError as error:
            raise KeyError(key) from error


@broken("an error does not name the key")
class NamelessError(DictChannel):
    def append(self, key: str, value: object, ttl: Any = None) -> int:
        try:
            return super().append(key, value, ttl)
        except ChannelError as error:
            error.key = None
            raise


@broken("a handle remembers what it read")
class StaleReads(DictBackend):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.seen: dict[str, Record | None] = {}

    @override
    def get(self, key: str) -> Record | None:
        seen, fresh = self.seen, super().get(key)
        if key.startswith(KEPT):
            return fresh
        if fresh is not None and key in seen and seen[key] != fresh and len(seen) > 1:
            return seen.pop(key)
        seen[key] = fresh
        return fresh


@broken("a handle can be pickled and has its own store elsewhere")
class Pickles(DictChannel):
    def __reduce__(self) -> Any:
        return _other_store, (self.name,)


def _other_store(name: str) -> Pickles:
    return Pickles(name, Store())


@broken("it says that processes share it, and they don't")
class NotShared(DictBackend):
    shared = True


@broken("clear leaves what users don't see")
class ClearsHalf(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys():
            if not key.startswith("\0"):
                self.apply(Delete(key))


@broken("a NUL at the beginning of a key is lost")
class DropsNul(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return [key.removeprefix("\0") for key in super().keys(kept=kept)]


@broken("a lock excludes nobody")
class NoLock(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.apply(Delete(lock_key(lock)))
        return super().acquire(lock, owner, lease, least)


@broken("a lock can be taken again by its thread")
class Reentrant(DictBackend):
    takers: ClassVar[dict[str, int]] = {}

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        holder = holder_in(self.get(lock_key(lock)))
        if holder is not None and self.takers.get(holder) == threading.get_ident():
            self.apply(Delete(lock_key(lock)))
        self.takers[owner] = threading.get_ident()
        return super().acquire(lock, owner, lease, least)


@broken("a lock takes the wait for the lease")
class WaitIsLease(DictChannel):
    def lock(self, key: str, timeout: Any = 10.0, lease: Any = 30.0) -> ChannelLock:
        return super().lock(key, timeout, timeout or lease)


@broken("a lock that was lost frees the next holder's")
class FreesAnybody(DictBackend):
    @override
    def release(self, lock: str, owner: str) -> bool:
        with self.store.mutex:
            holder = holder_in(self.get(lock_key(lock)))
            self.apply(Delete(lock_key(lock)))
            return holder == owner


@broken("a lost lock is given back in silence")
class SilentLoss(DictBackend):
    @override
    def release(self, lock: str, owner: str) -> bool:
        super().release(lock, owner)
        return True


@broken("all holders have the same fencing number")
class SameFence(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        answer = super().acquire(lock, owner, lease, least)
        return 1 if isinstance(answer, int) else answer


@broken("a lock is never renewed")
class NotRenewed(DictBackend):
    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return True


@broken("a lock shows as a key")
class LockIsAKey(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.put(f"{lock}:lock", encode_item(owner), lease)
        return super().acquire(lock, owner, lease, least)

    @override
    def release(self, lock: str, owner: str) -> bool:
        self.apply(Delete(f"{lock}:lock"))
        return super().release(lock, owner)


class Flat(DictBackend):
    """All channels in one dict, each key behind the name of its channel."""

    def full(self, key: str) -> str:
        return f"{self.name}:{key}"

    def short(self, full: str) -> str | None:
        """Return the key of this channel that is kept under a name, if it is one."""
        return full[len(self.name) + 1 :] if full.startswith(f"{self.name}:") else None

    @override
    def find(self, key: str) -> Record | None:
        return super().find(self.full(key))

    @override
    def held(self, key: str) -> Held | None:
        record = self.find(key)
        return None if record is None else Held(record, self.left(key))

    @override
    def left(self, key: str) -> int | None:
        return super().left(self.full(key))

    @override
    def become(self, key: str, outcome: Outcome) -> None:
        super().become(self.full(key), outcome)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        with self.store.mutex:
            mine = filter(None, map(self.short, self.store.entries))
            return [
                key for key in mine if self.find(key) is not None and key.startswith(KEPT) is kept
            ]

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self.store.mutex:
            for key in self.keys():
                self.apply(Delete(key))


@broken("a name bleeds into another that begins like it", FLAT)
class PrefixBleed(Flat):
    pass


@broken("keys are found with a pattern", FLAT)
class PatternKeys(Flat):
    def full(self, key: str) -> str:
        return f"{self.name!r}:{key}"

    def short(self, full: str) -> str | None:
        is_mine = fnmatchcase(full, f"{self.name!r}:*")
        return full[len(repr(self.name)) + 1 :] if is_mine else None


@broken("locks of all channels are the same", FLAT)
class SharedLocks(Flat):
    def full(self, key: str) -> str:
        return key if key.startswith(lock_key("")) else json.dumps([self.name, key])

    def short(self, full: str) -> str | None:
        if full.startswith(KEPT):
            return None
        name, key = json.loads(full)
        return key if name == self.name else None


class LossyBackend(DictBackend):
    """Sends a commit again when its reply is lost, and knows the answer of the first time."""

    remembers = True

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes)
        if vars(self.store).pop("cut", False) and not self.remembers:
            return super().commit(checks, changes)
        return answers


class LossyChannel(DictChannel):
    """A correct channel over a connection that loses replies."""

    kind = LossyBackend


@broken("a retry happens twice", LOSSY)
class TwiceOnRetry(LossyBackend):
    remembers = False


@broken("a retry pops twice", LOSSY)
class PopsTwice(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if type(changes[0]) is Pop and vars(self.store).pop("cut", False):
            changes = [*changes, *changes]
        return super().commit(checks, changes)

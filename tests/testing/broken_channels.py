"""Channels with one realistic defect each; the suite has to reject every one."""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from graflow.channels.arguments import add
from graflow.channels.backend import MISSING, Missing, NotAList, NotANumber
from graflow.channels.codec.codec import Record, decode, encode, encode_item
from graflow.channels.locks.lock import ChannelLock
from graflow.exceptions import ChannelError
from tests.testing.dict_channel import DictChannel, Store

__all__ = ["BROKEN", "FLAT", "LOSSY", "LossyChannel"]

BROKEN: dict[str, type[DictChannel]] = {}
"""Channels whose handles share a store by name."""

FLAT: dict[str, type[DictChannel]] = {}
"""Channels that all share one store, whatever their names."""

LOSSY: dict[str, type[DictChannel]] = {}
"""Channels over a connection that loses replies."""


def broken(name: str, among: dict[str, type[DictChannel]] = BROKEN) -> Callable[[Any], Any]:
    """Enter a class into a table."""

    def enter(kind: Any) -> Any:
        among[name] = kind
        return kind

    return enter


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


class Changes(DictChannel):
    """Changes parts of what it stores."""

    def change(self, part: Any) -> Any:
        return part

    def _changed(self, record: Record) -> Record:
        return encode(deep(decode(record), self.change))

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        super()._write_many({key: self._changed(each) for key, each in records.items()}, ttl)


@broken("a tuple becomes a list")
class TupleToList(Changes):
    def change(self, part: Any) -> Any:
        return list(part) if type(part) is tuple else part


@broken("an int key becomes text")
class IntKeyToText(DictChannel):
    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        def plain(value: Any) -> Any:
            if isinstance(value, dict) and all(type(key) is int for key in value):
                return {str(key): item for key, item in value.items()}
            return value

        super()._write_many(
            {key: encode(plain(decode(each))) for key, each in records.items()}, ttl
        )


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
    def set(self, key: str, value: object, ttl: Any = None) -> None:
        super().set(key, value, ttl)
        self.objects = {**getattr(self, "objects", {}), key: (self._read(key), value)}

    def get(self, key: str, default: Any = None) -> Any:
        record, value = getattr(self, "objects", {}).get(key, (None, None))
        return (
            value if record is not None and record == self._read(key) else super().get(key, default)
        )


@broken("what is read is handed out again")
class CachedReads(DictChannel):
    cache: dict[bytes, Any] = {}  # noqa: RUF012 - it is broken

    def get(self, key: str, default: Any = None) -> Any:
        record = self._read(key)
        if not isinstance(record, bytes):
            return super().get(key, default)
        return self.cache.setdefault(record, decode(record))


@broken("set keeps the old TTL")
class SetKeepsTtl(DictChannel):
    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        _, deadline = self._live(key)
        super()._write(key, record, ttl)
        if ttl is None:
            self.store.entries[key] = (record, deadline)


@broken("set_many keeps the old TTLs")
class SetManyKeepsTtl(DictChannel):
    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        before = {key: self._live(key)[1] for key in records}
        super()._write_many(records, ttl)
        if ttl is None and len(records) > 1:
            for key, record in records.items():
                self.store.entries[key] = (record, before[key])


@broken("append ignores its TTL")
class AppendIgnoresTtl(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        return super()._push(key, item, None, at_head)


@broken("append clears the TTL")
class AppendClearsTtl(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        length = super()._push(key, item, ttl, at_head)
        if ttl is None:
            self.store.entries[key] = (self.store.entries[key][0], None)
        return length


@broken("append to an expired list revives its TTL")
class RevivedTtl(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        old = self.store.entries.get(key, (None, None))[1]
        length = super()._push(key, item, ttl, at_head)
        if ttl is None and old is not None and length == 1:
            self.store.entries[key] = (self.store.entries[key][0], old + 500)
        return length


@broken("append and expire are two steps")
class TwoSteps(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        length = super()._push(key, item, None, at_head)
        with self.store.mutex:
            record, _ = self._live(key)
            if ttl is not None and record is not None:
                self.store.entries[key] = (record, self.store.clock() + ttl / 1000)
        return length


@broken("the TTL is in whole seconds")
class WholeSeconds(DictChannel):
    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        super()._write_many(records, None if ttl is None else max(1, ttl // 1000) * 1000)


@broken("the TTL of a missing key is None")
class TtlOfNothing(DictChannel):
    def _remaining(self, key: str) -> int | Missing | None:
        left = super()._remaining(key)
        return None if left is MISSING else left


@broken("update drops the TTL")
class UpdateDropsTtl(DictChannel):
    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        swapped = super()._swap(key, old, new)
        if swapped:
            self.store.entries[key] = (new, None)
        return swapped


@broken("delete of an expired key is True")
class DeleteOfExpired(DictChannel):
    def _delete(self, key: str) -> bool:
        with self.store.mutex:
            return self.store.entries.pop(key, None) is not None


@broken("keys lists what has expired")
class ExpiredKeys(DictChannel):
    def _keys(self) -> list[str]:
        return list(self.store.entries)


@broken("exists ignores the time")
class ExpiredExists(DictChannel):
    def _exists(self, key: str) -> bool:
        return key in self.store.entries


@broken("a refused append has cleared the TTL")
class RefusedClearsTtl(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        record, _ = self._live(key)
        if isinstance(record, bytes):
            self.store.entries[key] = (record, None)
        return super()._push(key, item, ttl, at_head)


@broken("an empty list is a missing key")
class EmptyIsMissing(DictChannel):
    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        return [record or None for record in super()._read_many(keys)]


@broken("a stored None is a missing key")
class NoneIsMissing(DictChannel):
    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key, default)
        return default if value is None else value


@broken("pop leaves an empty list")
class PopLeavesEmpty(DictChannel):
    def _pop(self, key: str) -> bytes | None:
        item = super()._pop(key)
        if item is not None and not self._exists(key):
            self._write(key, [], None)
        return item


@broken("pop takes the last item")
class PopFromTheEnd(DictChannel):
    def _pop(self, key: str) -> bytes | None:
        with self.store.mutex:
            record, deadline = self._live(key)
            if not isinstance(record, list) or len(record) < 2:
                return super()._pop(key)
            self.store.entries[key] = (record[:-1], deadline)
            return record[-1]


@broken("prepend appends")
class PrependAppends(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        return super()._push(key, item, ttl, False)


@broken("append returns the old length")
class OldLength(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        return super()._push(key, item, ttl, at_head) - 1


@broken("append replaces what is no list")
class AppendReplaces(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        if isinstance(self._read(key), bytes):
            self._delete(key)
        return super()._push(key, item, ttl, at_head)


@broken("a JSON array is taken for a list")
class ArrayIsAList(DictChannel):
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        record = self._read(key)
        if isinstance(record, bytes) and record in {b'"[]"', b"{}"}:
            self._write(key, [], None)
        return super()._push(key, item, ttl, at_head)


@broken("pop from what is no list gives the default")
class PopFromAnything(DictChannel):
    def _pop(self, key: str) -> bytes | None:
        try:
            return super()._pop(key)
        except NotAList:
            return None


@broken("a sum loses updates")
class LostUpdate(DictChannel):
    def _add(self, key: str, amount: int | float) -> int | float:
        present, _ = self._live(key)
        number = 0 if present is None else decode(present)
        if type(number) not in {int, float}:
            raise NotANumber
        total: int | float = add(number, amount)
        with self.store.mutex:
            self.store.entries[key] = (encode(total), self._live(key)[1])
        return total


@broken("a float sum goes through decimal text")
class DecimalSum(DictChannel):
    def _add(self, key: str, amount: int | float) -> int | float:
        total = super()._add(key, amount)
        if type(total) is float and abs(total) < 1e15:
            total = float(format(Decimal(repr(total)), ".10f"))
            self._swap(key, self._read(key), encode(total))
        return total


@broken("a sum takes True for 1")
class AddsBool(DictChannel):
    def atomic_add(self, key: str, amount: Any = 1) -> Any:
        return super().atomic_add(key, int(amount) if amount is True else amount)


@broken("a sum clears the TTL")
class AddClearsTtl(DictChannel):
    def _add(self, key: str, amount: int | float) -> int | float:
        total = super()._add(key, amount)
        self._write(key, encode(total), None)
        return total


@broken("a sum beyond 64 bits is a float")
class SumOf64Bits(DictChannel):
    def _add(self, key: str, amount: int | float) -> int | float:
        total = super()._add(key, amount)
        if type(total) is int and 2**63 <= abs(total) < 2**900:
            total = float(total)
            self._swap(key, self._read(key), encode(total))
        return total


@broken("update overwrites what was written in between")
class BlindSwap(DictChannel):
    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        return super()._swap(key, self._read(key), new)


@broken("set_many writes one by one")
class OneByOne(DictChannel):
    def set_many(self, mapping: Mapping[str, object], ttl: Any = None) -> None:
        for key, value in mapping.items():
            self.set(key, value, ttl)


@broken("set_many is not one moment")
class WritesInTurn(DictChannel):
    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        for key, record in records.items():
            super()._write_many({key: record}, ttl)


@broken("get_many is not one moment")
class ReadsInTurn(DictChannel):
    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        return [record for key in keys for record in super(ReadsInTurn, self)._read_many([key])]


@broken("clear forgets lists")
class ClearForgetsLists(DictChannel):
    def _clear(self) -> None:
        for key in self._keys():
            if isinstance(self._read(key), bytes):
                self._delete(key)


@broken("clear frees locks")
class ClearFreesLocks(DictChannel):
    def _clear(self) -> None:
        super()._clear()
        self.store.locks.clear()


@broken("clear stops at 10,000 keys")
class ClearStops(DictChannel):
    def _clear(self) -> None:
        for key in self._keys()[:10_000]:
            self._delete(key)


@broken("keys are case-insensitive")
class CaseInsensitive(DictChannel):
    def _live(self, key: str) -> tuple[Record | None, float | None]:
        lower = {each.lower(): each for each in list(self.store.entries)}
        return super()._live(lower.get(key.lower(), key))


@broken("keys are composed")
class Composed(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None) -> None:
        super().set(unicodedata.normalize("NFC", key), value, ttl)


@broken("deleting takes a pattern")
class DeletesPattern(DictChannel):
    def _delete(self, key: str) -> bool:
        found = [each for each in self._keys() if each == key or fnmatchcase(each, key)]
        return [DictChannel._delete(self, each) for each in found] != []


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
class StaleReads(DictChannel):
    def _read(self, key: str) -> Record | None:
        seen = self.__dict__.setdefault("seen", {})
        fresh = super()._read(key)
        if fresh is not None and key in seen and seen[key] != fresh and len(seen) > 1:
            return seen.pop(key)  # type: ignore[no-any-return]
        seen[key] = fresh
        return fresh


@broken("a handle can be pickled and has its own store elsewhere")
class Pickles(DictChannel):
    def __reduce__(self) -> Any:
        return _other_store, (self.name,)


def _other_store(name: str) -> Pickles:
    return Pickles(name, Store())


@broken("it says that processes share it, and they don't")
class NotShared(DictChannel):
    @property
    def shared(self) -> bool:
        """Whether other processes reach the keys: they don't, whatever this says."""
        return True


@broken("clear leaves what users don't see")
class ClearsHalf(DictChannel):
    def _clear(self) -> None:
        for key in self._keys():
            if not key.startswith("\0"):
                self._delete(key)


@broken("a NUL at the beginning of a key is lost")
class DropsNul(DictChannel):
    def _keys(self) -> list[str]:
        return [key.removeprefix("\0") for key in super()._keys()]


@broken("a lock excludes nobody")
class NoLock(DictChannel):
    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.store.locks.clear()
        return super()._acquire(key, owner, lease, least)


@broken("a lock can be taken again by its thread")
class Reentrant(DictChannel):
    takers: ClassVar[dict[str, int]] = {}

    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        holder = self._holder(key)
        if holder is not None and self.takers.get(holder[0]) == threading.get_ident():
            del self.store.locks[key]
        self.takers[owner] = threading.get_ident()
        return super()._acquire(key, owner, lease, least)


@broken("a lock takes the wait for the lease")
class WaitIsLease(DictChannel):
    def lock(self, key: str, timeout: Any = 10.0, lease: Any = 30.0) -> ChannelLock:
        return super().lock(key, timeout, timeout or lease)


@broken("a lock that was lost frees the next holder's")
class FreesAnybody(DictChannel):
    def _release(self, key: str, owner: str) -> bool:
        with self.store.mutex:
            holder = self.store.locks.pop(key, None)
            return holder is not None and holder[0] == owner


@broken("a lost lock is given back in silence")
class SilentLoss(DictChannel):
    def _release(self, key: str, owner: str) -> bool:
        super()._release(key, owner)
        return True


@broken("all holders have the same fencing number")
class SameFence(DictChannel):
    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        answer = super()._acquire(key, owner, lease, least)
        return 1 if isinstance(answer, int) else answer


@broken("a lock is never renewed")
class NotRenewed(DictChannel):
    def _renew(self, key: str, owner: str, lease: int) -> bool:
        return True


@broken("a lock shows as a key")
class LockIsAKey(DictChannel):
    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        self._write(f"{key}:lock", encode_item(owner), lease)
        return super()._acquire(key, owner, lease, least)

    def _release(self, key: str, owner: str) -> bool:
        self._delete(f"{key}:lock")
        return super()._release(key, owner)


class Flat(DictChannel):
    """All channels in one dict, each key behind the name of its channel."""

    def full(self, key: str) -> str:
        return f"{self.name}:{key}"

    def mine(self, full: str) -> bool:
        return full.startswith(f"{self.name}:")

    def _live(self, key: str) -> tuple[Record | None, float | None]:
        return super()._live(self.full(key))

    def _put(self, key: str, record: Record, deadline: float | None) -> None:
        super()._put(self.full(key), record, deadline)

    def _keys(self) -> list[str]:
        return [
            full[len(self.name) + 1 :]
            for full in list(self.store.entries)
            if self.mine(full) and DictChannel._live(self, full)[0] is not None
        ]

    def _clear(self) -> None:
        for key in self._keys():
            self._delete(key)

    def _delete(self, key: str) -> bool:
        with self.store.mutex:
            there = self._live(key)[0] is not None
            return there and self.store.entries.pop(self.full(key), None) is not None


@broken("a name bleeds into another that begins like it", FLAT)
class PrefixBleed(Flat):
    pass


@broken("keys are found with a pattern", FLAT)
class PatternKeys(Flat):
    def full(self, key: str) -> str:
        return f"{self.name!r}:{key}"

    def mine(self, full: str) -> bool:
        return fnmatchcase(full, f"{self.name!r}:*")


@broken("locks of all channels are the same", FLAT)
class SharedLocks(Flat):
    def full(self, key: str) -> str:
        return json.dumps([self.name, key])

    def mine(self, full: str) -> bool:
        return bool(json.loads(full)[0] == self.name)

    def _keys(self) -> list[str]:
        return [
            json.loads(full)[1]
            for full in list(self.store.entries)
            if self.mine(full) and DictChannel._live(self, full)[0] is not None
        ]


class LossyChannel(DictChannel):
    """Sends an operation again when its reply is lost, and knows the answer of the first time."""

    remembers = True

    def _once(self, operation: Callable[[], Any]) -> Any:
        answer = operation()
        if self.store.__dict__.pop("cut", False) and not self.remembers:
            return operation()
        return answer

    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        return self._once(lambda: super(LossyChannel, self)._push(key, item, ttl, at_head))  # type: ignore[no-any-return]

    def _pop_if(self, key: str, item: bytes) -> bool:
        return self._once(lambda: super(LossyChannel, self)._pop_if(key, item))  # type: ignore[no-any-return]

    def _add(self, key: str, amount: int | float) -> int | float:
        return self._once(lambda: super(LossyChannel, self)._add(key, amount))  # type: ignore[no-any-return]

    def _delete(self, key: str) -> bool:
        return self._once(lambda: super(LossyChannel, self)._delete(key))  # type: ignore[no-any-return]


@broken("a retry happens twice", LOSSY)
class TwiceOnRetry(LossyChannel):
    remembers = False


@broken("a retry pops twice", LOSSY)
class PopsTwice(LossyChannel):
    def _pop(self, key: str) -> bytes | None:
        cut = self.store.__dict__.pop("cut", False)
        item = super()._pop(key)
        return super()._pop(key) if cut else item

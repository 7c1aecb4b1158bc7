"""Locks with names that are confused, leases that are rounded, and fences that start over."""

from __future__ import annotations

import time
import unicodedata

from typing_extensions import override

from graflow.channels.backend import Expire, Put
from graflow.channels.commits.lock_records import holder_in, lock_record, read_lock
from graflow.channels.hidden_keys import FENCES, lock_key
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.LOCK)

_EXCLUSION = "mutual exclusion among all handles in all processes"
_LEASE = "the lease is renewed while the holder lives"
_FENCE = "A fence is larger than every earlier fence of this channel"
_NAMES = "Every other character is allowed"


class FoldedLocks(DictBackend):
    """Takes locks whose names it folds alike for one."""

    def fold(self, lock: str) -> str:
        """Return what is kept of a name."""
        return lock

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return super().acquire(self.fold(lock), owner, lease, least)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return super().renew(self.fold(lock), owner, lease)

    @override
    def release(self, lock: str, owner: str) -> bool:
        return super().release(self.fold(lock), owner)


@broken("locks have no case", clause=_NAMES)
class CaselessLocks(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return lock.lower()


@broken("names of locks are stripped", clause=_NAMES)
class StrippedLocks(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return lock.strip() or lock


@broken("names of locks are cut to 64 characters", clause=_NAMES)
class CutLocks(FoldedLocks):
    length = 64

    @override
    def fold(self, lock: str) -> str:
        return lock[: self.length]


@broken("names of locks are cut to 9,000 characters", clause=_NAMES)
class LongCutLocks(CutLocks):
    length = 9_000


@broken("names of locks are composed", clause=_NAMES)
class ComposedLocks(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return unicodedata.normalize("NFC", lock)


@broken("locks are files", clause=_NAMES)
class LocksAreFiles(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return lock.replace("/", "_").replace(":", "_")


@broken("names of locks end at a NUL", clause=_NAMES)
class LocksEndAtNul(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return lock.partition("\0")[0] or lock


@broken("locks are quoted twice", clause=_NAMES)
class QuotedLocks(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return lock.replace("%3A", ":")


class Leases(DictBackend):
    """Takes other leases than it is asked to."""

    def lease(self, lease: int) -> int:
        """Return the lease that is taken."""
        return max(1000, lease)

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return super().acquire(lock, owner, self.lease(lease), least)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return super().renew(lock, owner, self.lease(lease))


@broken("a lease below a second is kept as a second", clause=_LEASE)
class AtLeastASecond(Leases):
    pass


@broken("a lease is rounded up to the second", clause=_LEASE)
class RoundedUp(Leases):
    @override
    def lease(self, lease: int) -> int:
        return -(-lease // 1000) * 1000


@broken("a lease is rounded down to the second", clause=_LEASE)
class RoundedDown(Leases):
    @override
    def lease(self, lease: int) -> int:
        return max(1, lease // 1000) * 1000


@broken("a lock is renewed for as long as it was taken", clause=_LEASE)
class RenewsTheFirstLease(DictBackend):
    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return super().renew(lock, owner, 1_000 * lease)


@broken("a lock is renewed by anybody", clause="a lost lock raises on exit")
class RenewedByAnybody(DictBackend):
    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return bool(self.apply(Expire(lock_key(lock), lease)))


@broken("a lock whose lease ended can be renewed", clause="a dead holder frees it")
class RenewsTheDead(DictBackend):
    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        record, _ = self.store.entries.get(lock_key(lock), (None, None))
        if record is None or holder_in(record) != owner:
            return False
        self.apply(Put(lock_key(lock), record, lease))
        return True


@broken("a lock waits although it is not to wait", clause="waits `timeout` at most")
class WaitsAnyway(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        while isinstance(answer := super().acquire(lock, owner, lease, least), str):
            time.sleep(0.01)
        return answer


@broken("fences are counted among the keys, and start over after clear", clause=_FENCE)
class FencesAreCleared(DictBackend):
    counts_anew = "\0run:fences:count"

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        with self.store.mutex:
            answer = super().acquire(lock, owner, lease, least)
            if isinstance(answer, str):
                return answer
            held, counter = self.read([lock_key(lock), self.counts_anew])
            assert held is not None
            last = int(bytes(counter.record)) if counter is not None else 0  # type: ignore[arg-type]
            fence = max(last + 1, least)
            self.put(lock_key(lock), lock_record(fence, owner), lease)
            self.put(self.counts_anew, b"%d" % fence, None)
            return fence


@broken("fences are counted, and start over after destroy", clause=_FENCE)
class FencesAreDestroyed(FencesAreCleared):
    counts_anew = f"{FENCES} of mine"


@broken("each lock counts its own fences", clause=_FENCE)
class FencesOfEachLock(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        counts: dict[str, int] = vars(self.store).setdefault("counts", {})
        with self.store.mutex:
            answer = super().acquire(lock, owner, lease, least)
            if isinstance(answer, str):
                return answer
            fence, _ = read_lock(self.get(lock_key(lock)) or b"")
            if fence > 2**40:
                counts[lock] = fence = max(counts.get(lock, 0) + 1, least)
                self.put(lock_key(lock), lock_record(fence, owner), lease)
            return max(fence, least)


@broken("the least fence that is asked for is ignored", clause=_FENCE)
class IgnoresLeast(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return super().acquire(lock, owner, lease)


@broken("a channel has one lock", clause=_EXCLUSION)
class OneLock(FoldedLocks):
    @override
    def fold(self, lock: str) -> str:
        return "lock" if not lock.startswith("\0") else lock

"""Locks that exclude nobody, or are lost in silence."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from typing_extensions import override

from graflow.channels.backend import Delete
from graflow.channels.codec.codec import encode_item
from graflow.channels.commits.lock_records import holder_in
from graflow.channels.hidden_keys import lock_key
from graflow.channels.locks.lock import ChannelLock
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, DictChannel

__all__ = ["broken"]

broken = Group(Capability.LOCK)


@broken(
    "clear frees locks",
    clause="`clear()` does not free it",
)
class ClearFreesLocks(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=True)


@broken(
    "a lock excludes nobody",
    clause="mutual exclusion among all handles in all processes",
)
class NoLock(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.apply(Delete(lock_key(lock)))
        return super().acquire(lock, owner, lease, least)


@broken(
    "a lock can be taken again by its thread",
    clause="taking it again from the same thread or asyncio task raises at once",
)
class Reentrant(DictBackend):
    takers: ClassVar[dict[str, int]] = {}

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        holder = holder_in(self.get(lock_key(lock)))
        if holder is not None and self.takers.get(holder) == threading.get_ident():
            self.apply(Delete(lock_key(lock)))
        self.takers[owner] = threading.get_ident()
        return super().acquire(lock, owner, lease, least)


@broken(
    "a lock takes the wait for the lease",
    clause="the lease is renewed while the holder lives",
)
class WaitIsLease(DictChannel):
    def lock(self, key: str, timeout: Any = 10.0, lease: Any = 30.0) -> ChannelLock:
        return super().lock(key, timeout, timeout or lease)


@broken(
    "a lock that was lost frees the next holder's",
    clause="mutual exclusion among all handles in all processes",
)
class FreesAnybody(DictBackend):
    @override
    def release(self, lock: str, owner: str) -> bool:
        with self.store.mutex:
            holder = holder_in(self.get(lock_key(lock)))
            self.apply(Delete(lock_key(lock)))
            return holder == owner


@broken(
    "a lost lock is given back in silence",
    clause="a lost lock raises on exit",
)
class SilentLoss(DictBackend):
    @override
    def release(self, lock: str, owner: str) -> bool:
        super().release(lock, owner)
        return True


@broken(
    "all holders have the same fencing number",
    clause="A fence is larger than every earlier fence of this channel",
)
class SameFence(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        answer = super().acquire(lock, owner, lease, least)
        return 1 if isinstance(answer, int) else answer


@broken(
    "a lock is never renewed",
    clause="so a long body keeps the lock and a dead holder frees it",
)
class NotRenewed(DictBackend):
    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return True


@broken(
    "a lock shows as a key",
    clause="is never visible as a key",
)
class LockIsAKey(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.put(f"{lock}:lock", encode_item(owner), lease)
        return super().acquire(lock, owner, lease, least)

    @override
    def release(self, lock: str, owner: str) -> bool:
        self.apply(Delete(f"{lock}:lock"))
        return super().release(lock, owner)

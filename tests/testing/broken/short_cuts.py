"""Short cuts of a backend that do not mean the same as the plain way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.backend import (
    KEEP,
    Backend,
    Change,
    Delete,
    Fence,
    FencedBackend,
    NotAList,
    Record,
)
from graflow.channels.hidden_keys import KEPT
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.COMMITS)

_FENCED = "each of its writes raises `RunSupersededError`, whichever operation it is"
_FASTER = "Where a backend has a faster way for one of the others, it means the same"
_BOOKS = "is never visible as a key, and no user key can collide with it"
_HIDDEN = "Beside the keys of its users a channel has hidden ones"


@broken("the head of a list has an item too many", clause=_FASTER)
class HeadInclusive(DictBackend):
    @override
    def head(self, key: str, count: int) -> list[bytes]:
        return super().head(key, count + 1)


@broken("the head of a list begins at its end", clause=_FASTER)
class HeadFromTheEnd(DictBackend):
    @override
    def head(self, key: str, count: int) -> list[bytes]:
        record = self.get(key)
        if isinstance(record, bytes):
            raise NotAList(key)
        return record[-count:] if record else []


@broken("a value has an empty head", clause=_FASTER)
class HeadOfAValue(DictBackend):
    @override
    def head(self, key: str, count: int) -> list[bytes]:
        record = self.get(key)
        return record[:count] if isinstance(record, list) else []


@broken("whether keys exist is told for each key once", clause=_FASTER)
class ExistOnce(DictBackend):
    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return super().exist(list(dict.fromkeys(keys)))


@broken("an empty list does not exist", clause=_FASTER)
class EmptyDoesNotExist(DictBackend):
    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return [bool(self.get(key)) for key in keys]


@broken("digests are of lengths", clause=_FASTER)
class DigestsOfLengths(DictBackend):
    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        return [None if held is None else str(len(held.record)) for held in self.read(keys)]


@broken("digests ignore whether items are a list", clause=_FASTER)
class DigestsOfText(DictBackend):
    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        found = []
        for held in self.read(keys):
            record = held and held.record
            joined = b"".join(record) if isinstance(record, list) else record
            found.append(None if joined is None else joined.hex())
        return found


@broken("a list that was read is the store's own", clause=_FASTER)
class LivingLists(DictBackend):
    @override
    def get(self, key: str) -> Record | None:
        with self.store.mutex:
            return self.find(key)


@broken("put ignores the TTL", clause=_FASTER)
class PutIgnoresTtl(DictBackend):
    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        super().put(key, record, None if ttl is not None and not key.startswith(KEPT) else ttl)


@broken("put keeps a TTL that there is", clause=_FASTER)
class PutKeepsTtl(DictBackend):
    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        super().put(key, record, KEEP if ttl is None and not key.startswith(KEPT) else ttl)


@broken("a single delete is always true", clause=_FASTER)
class AlwaysDeleted(DictBackend):
    @override
    def apply(self, change: Change) -> Any:
        answer = super().apply(change)
        return True if isinstance(change, Delete) else answer


class PutsPast(FencedBackend):
    """Stores past the fence."""

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        self.inner.put(key, record, ttl)


class ClearsPast(FencedBackend):
    """Clears past the fence."""

    @override
    def clear(self, *, kept: bool = False) -> None:
        self.inner.clear(kept=kept)


class LocksPast(FencedBackend):
    """Takes locks past the fence."""

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return self.inner.acquire(lock, owner, lease, least)


class LooksOnce(FencedBackend):
    """Looks at the fence when it is made, and not again."""

    @override
    def commit(self, checks: Any, changes: Any) -> Any:
        return self.inner.commit(checks, changes)


class ReadsFenced(FencedBackend):
    """Refuses to read when the fence is passed."""

    @override
    def get(self, key: str) -> Record | None:
        self._check_fence()
        return super().get(key)


class DropsFence(FencedBackend):
    """Forgets the fence in a handle that is opened again."""

    @override
    def reopened(self) -> Backend:
        return self.inner


class FencedAs(DictBackend):
    """Fences as a class says."""

    front: type[FencedBackend] = FencedBackend

    @override
    def fenced(self, fence: Fence) -> Backend:
        return self.front(self, fence)


@broken("a fence lets put through", clause=_FENCED)
class FencedPut(FencedAs):
    front = PutsPast


@broken("a fence lets clear through", clause=_FENCED)
class FencedClear(FencedAs):
    front = ClearsPast


@broken("a fence lets locks be taken", clause="`clear` and the taking of locks included")
class FencedLocks(FencedAs):
    front = LocksPast


@broken("a fence is looked at once", clause=_FENCED)
class FencedOnce(FencedAs):
    front = LooksOnce


@broken("a passed fence lets nobody read", clause="It can still read")
class FencedReads(FencedAs):
    front = ReadsFenced


@broken("keys shows what is kept", clause=_BOOKS, by=Capability.LOCK)
class ShowsKept(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        found = [*super().keys(kept=False), *super().keys(kept=True)]
        return [key.removeprefix(KEPT) for key in found]


@broken("what is kept is not listed", clause=_HIDDEN)
class ListsNothingKept(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return [] if kept else super().keys()


@broken("what is kept is listed with all keys", clause=_HIDDEN)
class ListsAllAsKept(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return [*super().keys(kept=kept), *(super().keys() if kept else ())]


@broken("destroy leaves what is kept", clause="`destroy` removes everything")
class LeavesKept(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear()


@broken("destroy removes only what is kept", clause="`destroy` removes everything")
class LeavesUsersKeys(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        if not kept:
            super().clear()
            return
        for key in self.keys(kept=True):
            self.apply(Delete(key))


@broken(
    "clear removes what is kept about the channel",
    clause="It leaves locks, fences, and the list of runs",
)
class ClearsKept(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=True)

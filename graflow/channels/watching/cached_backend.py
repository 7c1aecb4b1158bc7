"""Backend that answers reads from a cache, in front of one whose signals tell of every change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.backend import (
    Answer,
    AsyncBackend,
    Backend,
    BackendInFront,
    Change,
    Check,
    Conflict,
    Fence,
    Held,
    Holds,
    Record,
    Signals,
    StartsWith,
)
from graflow.channels.backend.by_calls import ThreadedBackend
from graflow.channels.watching.read_cache import ReadCache

__all__ = ["CachedBackend", "FreshBackend", "cached"]


class FreshBackend(BackendInFront):
    """A backend that asks the store, and has the cache forget what it read or changed."""

    def __init__(self, inner: Backend, cache: ReadCache) -> None:
        """Stand in front of a backend, beside a cache."""
        super().__init__(inner)
        self.cache = cache

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        try:
            return self.inner.read(keys)
        finally:
            self.cache.drop(keys)

    @override
    def get(self, key: str) -> Record | None:
        try:
            return self.inner.get(key)
        finally:
            self.cache.drop((key,))

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        try:
            return self.inner.head(key, count)
        finally:
            self.cache.drop((key,))

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        try:
            return self.inner.exist(keys)
        finally:
            self.cache.drop(keys)

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        try:
            return self.inner.digests(keys)
        finally:
            self.cache.drop(keys)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        listed = self.inner.keys(kept=kept)
        if not kept:
            self.cache.compare(listed)
        return listed

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        keys = [change.key for change in changes]
        keys += [check.key for check in checks if isinstance(check, Holds | StartsWith)]
        self.cache.drop(keys)
        try:
            return self.inner.commit(checks, changes)
        finally:
            self.cache.drop(keys)

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        self.cache.drop((key,))
        try:
            self.inner.put(key, record, ttl)
        finally:
            self.cache.drop((key,))

    @override
    def apply(self, change: Change) -> Any:
        self.cache.drop((change.key,))
        try:
            return self.inner.apply(change)
        finally:
            self.cache.drop((change.key,))

    @override
    def clear(self, *, kept: bool = False) -> None:
        self.cache.drop(None)
        try:
            self.inner.clear(kept=kept)
        finally:
            self.cache.drop(None)

    @override
    def reopened(self) -> Backend:
        return self.inner.reopened()


class CachedBackend(FreshBackend):
    """A backend that reads unchanged keys from a cache of this process.

    `get`, `read` and `exist` may be answered from the cache; `fresh` is for those who decide by
    what they read whether to change something.
    """

    def __init__(self, inner: Backend, cache: ReadCache) -> None:
        """Stand in front of a backend, which other caches may be in front of, too."""
        super().__init__(inner, cache)
        self._fresh = FreshBackend(inner, cache)

    def __reduce__(self) -> Any:
        """Begin with an empty cache in another process."""
        return cached, (self.inner, self.cache.most)

    @property
    @override
    def fresh(self) -> Backend:
        return self._fresh

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        found = self.cache.look(keys)
        if found is not None:
            return [None if record is None else Held(record, None) for record in found]
        reading = self.cache.begin(keys)
        held = self.inner.read(keys)
        self.cache.keep(reading, keys, held)
        return held

    @override
    def get(self, key: str) -> Record | None:
        found = self.cache.look((key,))
        if found is not None:
            return found[0]
        held = self.read((key,))[0]
        return None if held is None else held.record

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        found = self.cache.look(keys)
        if found is not None:
            return [record is not None for record in found]
        return super().exist(keys)

    @override
    def beside(self, name: str) -> Backend:
        other = self.inner.beside(name)
        return (
            CachedBackend(other, self.cache)
            if name == self.name
            else cached(other, self.cache.most)
        )

    @override
    def asynchronous(self) -> AsyncBackend:
        return AwaitedCachedBackend(self)

    @override
    def fenced(self, fence: Fence) -> Backend:
        return CachedBackend(self.inner.fenced(fence), self.cache)

    @override
    def close(self) -> None:
        self.inner.close()
        self.cache = self._fresh.cache = ReadCache(Signals(), self.cache.most)  # it knows nothing


class AwaitedCachedBackend(ThreadedBackend):
    """The awaitable form of a cached backend, which answers at once what the cache knows."""

    def __init__(self, backend: CachedBackend) -> None:
        """Be the awaitable form of a backend."""
        super().__init__(backend)
        self._cached = backend

    @property
    @override
    def fresh(self) -> AsyncBackend:
        return ThreadedBackend(self._cached.fresh)

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        found = self._cached.cache.look(keys)
        if found is not None:
            return [None if record is None else Held(record, None) for record in found]
        return await super().read(keys)

    @override
    async def get(self, key: str) -> Record | None:
        found = self._cached.cache.look((key,))
        return await super().get(key) if found is None else found[0]

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        found = self._cached.cache.look(keys)
        if found is not None:
            return [record is not None for record in found]
        return await super().exist(keys)


def cached(inner: Backend, most: int) -> CachedBackend:
    """Put a cache of so many keys in front of a backend."""
    return CachedBackend(inner, ReadCache(inner.signals(), most))

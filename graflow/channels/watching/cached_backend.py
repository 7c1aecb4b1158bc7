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
    Record,
    Signals,
)
from graflow.channels.watching.async_cached_backend import AsyncCachedBackend
from graflow.channels.watching.read_cache import ReadCache, touched

__all__ = ["CachedBackend", "FreshBackend", "cached"]


class FreshBackend(BackendInFront):
    """A backend that asks the store, and has the cache forget what it read or changed."""

    def __init__(self, inner: Backend, cache: ReadCache) -> None:
        """Stand in front of a backend, beside a cache."""
        super().__init__(inner)
        self.cache = cache

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        with self.cache.reading_past(keys):
            return self.inner.read(keys)

    @override
    def get(self, key: str) -> Record | None:
        with self.cache.reading_past((key,)):
            return self.inner.get(key)

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        with self.cache.reading_past((key,)):
            return self.inner.head(key, count)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        with self.cache.reading_past(keys):
            return self.inner.exist(keys)

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        with self.cache.reading_past(keys):
            return self.inner.digests(keys)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        listed = self.inner.keys(kept=kept)
        if not kept:
            self.cache.compare(listed)
        return listed

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.cache.changing(touched(checks, changes)):
            return self.inner.commit(checks, changes)

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        with self.cache.changing((key,)):
            self.inner.put(key, record, ttl)

    @override
    def apply(self, change: Change) -> Any:
        with self.cache.changing((change.key,)):
            return self.inner.apply(change)

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self.cache.changing(None):
            self.inner.clear(kept=kept)

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
        with self.cache.reading(keys) as keep:
            return keep(self.inner.read(keys))

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
        return AsyncCachedBackend(self, self.inner.asynchronous())

    @override
    def fenced(self, fence: Fence) -> Backend:
        return CachedBackend(self.inner.fenced(fence), self.cache)

    @override
    def close(self) -> None:
        try:
            self.inner.close()
        finally:
            self.forget()

    def forget(self) -> None:
        """Know nothing any more, and keep nothing from now on."""
        self.cache = self._fresh.cache = ReadCache(Signals(), self.cache.most)


def cached(inner: Backend, most: int) -> CachedBackend:
    """Put a cache of so many keys in front of a backend."""
    return CachedBackend(inner, ReadCache(inner.signals(), most))

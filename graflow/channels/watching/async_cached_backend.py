"""Backend on an event loop that answers reads from a cache: the awaitable form of a cached one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from graflow.channels.backend import (
    Answer,
    AsyncBackend,
    AsyncBackendInFront,
    Change,
    Check,
    Conflict,
    Held,
    Record,
)
from graflow.channels.watching.read_cache import ReadCache, touched

if TYPE_CHECKING:
    from graflow.channels.watching.cached_backend import CachedBackend, FreshBackend

__all__ = ["AsyncCachedBackend"]


class AsyncFreshBackend(AsyncBackendInFront):
    """An awaitable backend that asks the store, and has the cache forget what it read or changed.

    An operation that is cancelled raises when it is known what became of it, so what is forgotten
    then is not read again from before the change.
    """

    backend: FreshBackend

    @property
    def cache(self) -> ReadCache:
        """The cache of the form for threads, which has another one when it is closed."""
        return self.backend.cache

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        with self.cache.reading_past(keys):
            return await self.inner.read(keys)

    @override
    async def get(self, key: str) -> Record | None:
        with self.cache.reading_past((key,)):
            return await self.inner.get(key)

    @override
    async def head(self, key: str, count: int) -> list[bytes]:
        with self.cache.reading_past((key,)):
            return await self.inner.head(key, count)

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        with self.cache.reading_past(keys):
            return await self.inner.exist(keys)

    @override
    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        with self.cache.reading_past(keys):
            return await self.inner.digests(keys)

    @override
    async def keys(self, *, kept: bool = False) -> list[str]:
        listed = await self.inner.keys(kept=kept)
        if not kept:
            self.cache.compare(listed)
        return listed

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        with self.cache.changing(touched(checks, changes)):
            return await self.inner.commit(checks, changes)

    @override
    async def put(self, key: str, record: Record, ttl: int | None) -> None:
        with self.cache.changing((key,)):
            await self.inner.put(key, record, ttl)

    @override
    async def apply(self, change: Change) -> Any:
        with self.cache.changing((change.key,)):
            return await self.inner.apply(change)

    @override
    async def clear(self, *, kept: bool = False) -> None:
        with self.cache.changing(None):
            await self.inner.clear(kept=kept)


class AsyncCachedBackend(AsyncFreshBackend):
    """An awaitable backend that reads unchanged keys from a cache of this process."""

    backend: CachedBackend

    def __init__(self, backend: CachedBackend, inner: AsyncBackend) -> None:
        """Be the awaitable form of a cached backend; see `AsyncBackendInFront`."""
        super().__init__(backend, inner)
        self._fresh = AsyncFreshBackend(backend.fresh, inner)

    @property
    @override
    def fresh(self) -> AsyncBackend:
        return self._fresh

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        found = self.cache.look(keys)
        if found is not None:
            return [None if record is None else Held(record, None) for record in found]
        with self.cache.reading(keys) as keep:
            return keep(await self.inner.read(keys))

    @override
    async def get(self, key: str) -> Record | None:
        found = self.cache.look((key,))
        if found is not None:
            return found[0]
        held = (await self.read((key,)))[0]
        return None if held is None else held.record

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        found = self.cache.look(keys)
        if found is not None:
            return [record is not None for record in found]
        return await super().exist(keys)

    @override
    async def close(self) -> None:
        try:
            await self.inner.close()
        finally:
            self.backend.forget()

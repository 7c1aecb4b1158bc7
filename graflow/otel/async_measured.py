"""Backend that measures each call on an event loop: the awaitable form of a measured one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Sequence
from time import perf_counter
from typing import Any, TypeVar

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
from graflow.otel.measured import MeasuredBackend, name_of

__all__ = ["AsyncMeasuredBackend"]

R = TypeVar("R")


class AsyncMeasuredBackend(AsyncBackendInFront):
    """An awaitable backend that records how long each call of another one takes."""

    backend: MeasuredBackend

    async def _timed(self, operation: str, call: Coroutine[Any, Any, R]) -> R:
        began = perf_counter()
        try:
            answer = await call
        except BaseException as error:
            self.backend.record_call(operation, began, error)
            raise
        self.backend.record_call(operation, began)
        return answer

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return await self._timed("read", self.inner.read(keys))

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        return await self._timed("commit", self.inner.commit(checks, changes))

    @override
    async def keys(self, *, kept: bool = False) -> list[str]:
        return await self._timed("keys", self.inner.keys(kept=kept))

    @override
    async def clear(self, *, kept: bool = False) -> None:
        await self._timed("clear", self.inner.clear(kept=kept))

    @override
    async def get(self, key: str) -> Record | None:
        return await self._timed("get", self.inner.get(key))

    @override
    async def head(self, key: str, count: int) -> list[bytes]:
        return await self._timed("head", self.inner.head(key, count))

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        return await self._timed("exist", self.inner.exist(keys))

    @override
    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        return await self._timed("digests", self.inner.digests(keys))

    @override
    async def scan(self, prefix: str = "", *, kept: bool = False) -> AsyncIterator[list[str]]:
        parts = aiter(self.inner.scan(prefix, kept=kept))
        while (found := await self._timed("scan", _next(parts))) is not None:
            yield found

    @override
    async def put(self, key: str, record: Record, ttl: int | None) -> None:
        await self._timed("put", self.inner.put(key, record, ttl))

    @override
    async def apply(self, change: Change) -> Any:
        return await self._timed(name_of(change), self.inner.apply(change))

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return await self._timed("acquire", self.inner.acquire(lock, owner, lease, least))

    @override
    async def line_up(self, lock: str, owner: str, patience: int) -> int:
        return await self._timed("line_up", self.inner.line_up(lock, owner, patience))

    @override
    async def renew(self, lock: str, owner: str, lease: int) -> bool:
        return await self._timed("renew", self.inner.renew(lock, owner, lease))

    @override
    async def release(self, lock: str, owner: str) -> bool:
        return await self._timed("release", self.inner.release(lock, owner))

    @property
    @override
    def fresh(self) -> AsyncBackend:
        fresh = self.inner.fresh
        return self if fresh is self.inner else AsyncMeasuredBackend(self.backend, fresh)


async def _next(parts: AsyncIterator[R]) -> R | None:
    """Return what comes next; `None` after the last."""
    return await anext(parts, None)

"""Awaitable backends in front of others: the forms for event loops of backends in front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from typing_extensions import override

from graflow.channels.backend.asynchronous import AsyncBackend
from graflow.channels.backend.fence import Fence
from graflow.channels.backend.synchronous import Backend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held, Holds

__all__ = ["AsyncBackendInFront", "AsyncFencedBackend"]


class AsyncBackendInFront(AsyncBackend):
    """An awaitable backend in front of another one, which does all that a derived class leaves.

    Attributes:
        inner: The one behind it.
    """

    def __init__(self, backend: Backend, inner: AsyncBackend) -> None:
        """Stand in front of `inner`.

        Args:
            backend: The backend of which this is the awaitable form.
            inner: The awaitable form of what that one stands in front of.
        """
        super().__init__(backend)
        self.inner = inner

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return await self.inner.read(keys)

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        return await self.inner.commit(checks, changes)

    @override
    async def keys(self, *, kept: bool = False) -> list[str]:
        return await self.inner.keys(kept=kept)

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> AsyncIterator[list[str]]:
        return self.inner.scan(prefix, kept=kept)

    @override
    async def clear(self, *, kept: bool = False) -> None:
        await self.inner.clear(kept=kept)

    @override
    async def get(self, key: str) -> Record | None:
        return await self.inner.get(key)

    @override
    async def head(self, key: str, count: int) -> list[bytes]:
        return await self.inner.head(key, count)

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        return await self.inner.exist(keys)

    @override
    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        return await self.inner.digests(keys)

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return await self.inner.acquire(lock, owner, lease, least)

    @override
    async def line_up(self, lock: str, owner: str, patience: int) -> int:
        return await self.inner.line_up(lock, owner, patience)

    @override
    async def renew(self, lock: str, owner: str, lease: int) -> bool:
        return await self.inner.renew(lock, owner, lease)

    @override
    async def release(self, lock: str, owner: str) -> bool:
        return await self.inner.release(lock, owner)

    @override
    async def close(self) -> None:
        await self.inner.close()


class AsyncFencedBackend(AsyncBackendInFront):
    """The awaitable form of a `FencedBackend`."""

    def __init__(self, backend: Backend, inner: AsyncBackend, fence: Fence) -> None:
        """Put a fence in front of a backend."""
        super().__init__(backend, inner)
        self._fence = fence

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        fence = self._fence
        answers = await self.inner.commit((Holds(fence.key, fence.record), *checks), changes)
        if isinstance(answers, Conflict) and answers.key == fence.key:
            raise fence.passed()
        return answers

    @override
    async def clear(self, *, kept: bool = False) -> None:
        await self._check_fence()
        await self.inner.clear(kept=kept)

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        await self._check_fence()
        return await self.inner.acquire(lock, owner, lease, least)

    async def _check_fence(self) -> None:
        """Raise unless the fence stands; see `FencedBackend`."""
        if await self.inner.get(self._fence.key) != self._fence.record:
            raise self._fence.passed()

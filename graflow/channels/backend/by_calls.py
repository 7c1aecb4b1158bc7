"""Awaitable forms of a backend made of calls of it, at once or in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

from graflow.channels.backend.asynchronous import AsyncBackend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held
from graflow.system.calls_in_threads import in_thread

__all__ = ["CallingBackend", "PromptBackend", "ThreadedBackend"]

P = ParamSpec("P")
R = TypeVar("R")


class CallingBackend(AsyncBackend):
    """A backend that calls another one for everything."""

    @abstractmethod
    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call one of its methods."""

    @property
    @override
    def fresh(self) -> AsyncBackend:
        fresh = self.backend.fresh
        return self if fresh is self.backend else type(self)(fresh)

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return await self._call(self.backend.read, keys)

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        return await self._call(self.backend.commit, checks, changes)

    @override
    async def keys(self, *, kept: bool = False) -> list[str]:
        return await self._call(self.backend.keys, kept=kept)

    @override
    async def scan(self, prefix: str = "", *, kept: bool = False) -> AsyncIterator[list[str]]:
        steps = self.backend.scan(prefix, kept=kept)
        while (found := await self._call(next, steps, None)) is not None:
            yield found

    @override
    async def clear(self, *, kept: bool = False) -> None:
        await self._call(self.backend.clear, kept=kept)

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return await self._call(self.backend.acquire, lock, owner, lease, least)

    @override
    async def line_up(self, lock: str, owner: str, patience: int) -> int:
        return await self._call(self.backend.line_up, lock, owner, patience)

    @override
    async def renew(self, lock: str, owner: str, lease: int) -> bool:
        return await self._call(self.backend.renew, lock, owner, lease)

    @override
    async def release(self, lock: str, owner: str) -> bool:
        return await self._call(self.backend.release, lock, owner)

    @override
    async def get(self, key: str) -> Record | None:
        return await self._call(self.backend.get, key)

    @override
    async def head(self, key: str, count: int) -> list[bytes]:
        return await self._call(self.backend.head, key, count)

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        return await self._call(self.backend.exist, keys)

    @override
    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        return await self._call(self.backend.digests, keys)

    @override
    async def put(self, key: str, record: Record, ttl: int | None) -> None:
        await self._call(self.backend.put, key, record, ttl)

    @override
    async def apply(self, change: Change) -> Any:
        return await self._call(self.backend.apply, change)

    @override
    async def close(self) -> None:
        await self._call(self.backend.close)


class PromptBackend(CallingBackend):
    """A backend that is called at once, as it never makes a caller wait."""

    @override
    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)


class ThreadedBackend(CallingBackend):
    """A backend whose calls are made in threads.

    A call that is cancelled before a thread has begun it never happens. One that has begun is
    awaited to its end, so that it does not happen later.
    """

    @override
    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await in_thread(function, *args, **kwargs)

"""Awaitable forms of a backend made of calls of it, at once or in threads."""

from __future__ import annotations

import asyncio
import contextvars
import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

from graflow.channels.backend.asynchronous import AsyncBackend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held

__all__ = ["PromptBackend", "ThreadedBackend"]

P = ParamSpec("P")
R = TypeVar("R")

_THREADS = 32  # of a process; what they wait for is one server, or one file


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
        call = partial(contextvars.copy_context().run, function, *args, **kwargs)
        future: Future[R] = _threads.get().submit(call)
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if not future.cancel():
                await _until_over(waiting)
            raise


async def _until_over(waiting: asyncio.Future[Any]) -> None:
    """Wait for a call whose caller is cancelled, maybe again and again."""
    while not waiting.done():
        try:
            await asyncio.wait([waiting])
        except asyncio.CancelledError:
            continue
    if not waiting.cancelled():
        waiting.exception()  # whoever asked is gone, and nobody else shall be told


class _Threads:
    """The threads of this process; one that is forked from it has its own."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def get(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, "graflow-aio")
        return self._pool


_threads = _Threads()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.start_anew)

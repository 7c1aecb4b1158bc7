"""The overlay of a transaction whose function is a coroutine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from typing_extensions import override

from graflow.channels.backend import AsyncBackend, Backend, BackendInFront
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held, Refusal, Request
from graflow.channels.operation.reads import Get, Head, ListKeys, Read
from graflow.channels.overlay.overlay import Overlay
from graflow.channels.overlay.pending import Pending

__all__ = ["AsyncOverlay"]

R = TypeVar("R")


class AsyncOverlay(AsyncBackend):
    """An overlay that awaits what it has to read.

    The overlay itself does not wait. Each call of it is tried; where it needs to read what is not
    there, that is fetched, and the call is tried again. It changes nothing before it has read, so
    a call that is tried again is as good as new.
    """

    def __init__(self, inner: AsyncBackend) -> None:
        """Begin without changes, in front of `inner`."""
        self._fetched = _Fetched(inner.blocking)
        self.overlay = Overlay(self._fetched)
        super().__init__(self.overlay)
        self._inner = inner

    async def _try(self, call: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        answers: dict[Request, Any] = {}
        while True:
            self._fetched.answers = answers
            try:
                return call(*args, **kwargs)
            except _Missing as missing:
                wanted = missing.request
            answers[wanted] = await self._fetch(wanted)

    async def _fetch(self, wanted: Request) -> Any:
        try:
            return await wanted.ask(self._inner)
        except Refusal as refused:
            return refused

    @override
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return await self._try(self.overlay.read, keys)

    @override
    async def get(self, key: str) -> Record | None:
        return await self._try(self.overlay.get, key)

    @override
    async def head(self, key: str, count: int) -> list[bytes]:
        return await self._try(self.overlay.head, key, count)

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        return await self._try(self.overlay.exist, keys)

    @override
    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        return await self._try(self.overlay.digests, keys)

    @override
    async def keys(self, *, kept: bool = False) -> list[str]:
        return await self._try(self.overlay.keys, kept=kept)

    @override
    async def clear(self, *, kept: bool = False) -> None:
        await self._try(self.overlay.clear, kept=kept)

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        answers = await self._try(self.overlay.commit, checks, changes)
        await self._look_ahead({each.key for each in changes}, answers)
        return answers

    @override
    async def put(self, key: str, record: Record, ttl: int | None) -> None:
        self.overlay.put(key, record, ttl)

    @override
    async def apply(self, change: Change) -> Any:
        answer = await self._try(self.overlay.apply, change)
        await self._look_ahead({change.key}, (answer,))
        return answer

    async def _look_ahead(self, keys: set[str], answers: object) -> None:
        """Fetch what answers will be made of that somebody may look at, who could not wait.

        The transaction does not depend on it unless somebody does.
        """
        if isinstance(answers, Conflict) or not isinstance(answers, Sequence):
            return
        if any(isinstance(answer, Pending) for answer in answers):
            for key in keys - self._fetched.spare.keys():
                (self._fetched.spare[key],) = await self._inner.read((key,))

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return self.overlay.acquire(lock, owner, lease, least)

    @override
    async def line_up(self, lock: str, owner: str, patience: int) -> int:
        return self.overlay.line_up(lock, owner, patience)

    @override
    async def renew(self, lock: str, owner: str, lease: int) -> bool:
        return self.overlay.renew(lock, owner, lease)

    @override
    async def release(self, lock: str, owner: str) -> bool:
        return self.overlay.release(lock, owner)

    @override
    async def close(self) -> None:
        """Close nothing: the channel is not the transaction's."""


class _Missing(BaseException):
    """Something has to be fetched; nobody's `except Exception` may hide it."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


class _Fetched(BackendInFront):
    """What was fetched for one call of an overlay, in place of the channel itself.

    Attributes:
        answers: To the requests of the call that is under way.
        spare: What keys held when a change of them gave an answer that nobody has looked at yet.
    """

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self.answers: dict[Request, Any] = {}
        self.spare: dict[str, Held | None] = {}

    def _answer(self, request: Request) -> Any:
        try:
            answer = self.answers[request]
        except KeyError:
            raise _Missing(request) from None
        if isinstance(answer, Refusal):
            raise answer
        return answer

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        if all(key in self.spare for key in keys):
            return [self.spare[key] for key in keys]
        return list(self._answer(Read(tuple(keys))))

    @override
    def get(self, key: str) -> Record | None:
        found: Record | None = self._answer(Get(key))
        return found

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        return list(self._answer(Head(key, count)))

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return list(self._answer(ListKeys(kept)))

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> NoReturn:
        raise AssertionError("an overlay keeps all changes to itself")

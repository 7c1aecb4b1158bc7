"""Channels that are right in threads, and broken on an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.backend import Answer, Change, Check, Conflict, Holds
from graflow.channels.backend.by_calls import PromptBackend
from graflow.system.wakers import LoopWaker
from graflow.testing import Capability, Harness
from tests.testing.broken.registry import Group, dict_harness
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

_TURNS = 3  # of the loop until a request arrives

P = ParamSpec("P")
R = TypeVar("R")


def awaited_harness(kind: Any) -> Harness:
    """Return the harness of a channel that is right, with a face on a broken backend."""
    harness = dict_harness(DictBackend)
    return replace(harness, open_async=lambda name: AsyncChannel(kind(harness.open(name).backend)))


broken = Group(Capability.EVENT_LOOPS, awaited_harness)


class Slow(PromptBackend):
    """Each call lets others go on before it and after it, as one over a connection does."""

    @override
    async def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        result = function(*args, **kwargs)
        await asyncio.sleep(0)
        return result


@broken(
    "checks are made one turn of the loop before the changes",
    clause="A commit happens all at once",
)
class ChecksFirst(Slow):
    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        for check in checks:
            if isinstance(check, Holds):
                held = await self.read((check.key,))
                if (held[0] and held[0].record) != check.record:
                    return Conflict(check.key)
        return await super().commit((), changes)


@broken(
    "changes are made one after the other",
    clause="nobody ever sees a part of it",
)
class OneByOne(Slow):
    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        answers = await super().commit(checks, changes[:1])
        if isinstance(answers, Conflict):
            return answers
        for change in changes[1:]:
            more = await super().commit((), (change,))
            assert not isinstance(more, Conflict)
            answers += more
        return answers


@broken(
    "a change goes on after it was cancelled",
    clause="a change has happened by then, or never will",
)
class GoesOn(Slow):
    @override
    async def apply(self, change: Change) -> Any:
        return await asyncio.shield(asyncio.ensure_future(super().apply(change)))

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        return await asyncio.shield(asyncio.ensure_future(super().commit(checks, changes)))


@broken(
    "a change that is cancelled is made again",
    clause="a change has happened by then, or never will",
)
class MadeTwice(Slow):
    @override
    async def apply(self, change: Change) -> Any:
        try:
            return await super().apply(change)
        except asyncio.CancelledError:
            await super().apply(change)
            raise


@broken(
    "what was cancelled in between is half done",
    clause="a change has happened by then, or never will",
)
class HalfDone(OneByOne):
    """As `OneByOne`; one that is cancelled shows it without any other task."""


@broken(
    "the answer to what was cancelled goes to the next",
    clause="a change has happened by then, or never will",
)
class NextAnswer(Slow):
    left: Any = None

    @override
    async def get(self, key: str) -> Any:
        if self.left is not None:
            left, self.left = self.left, None
            return left
        return await super().get(key)

    @override
    async def apply(self, change: Change) -> Any:
        try:
            return await super().apply(change)
        except asyncio.CancelledError:
            self.left = b'"the answer of another"'
            raise


@broken(
    "a lock that is granted to who has gone stays taken",
    clause="A wait for a lock that is cancelled leaves no lock and no place in the queue",
)
class GrantedToNobody(Slow):
    def __init__(self, backend: Any) -> None:
        super().__init__(backend)
        self._gone: set[str] = set()

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        try:
            return await super().acquire(lock, owner, lease, least)
        except asyncio.CancelledError:
            self._gone.add(owner)
            raise

    @override
    async def release(self, lock: str, owner: str) -> bool:
        return owner not in self._gone and await super().release(lock, owner)


@broken(
    "a wait for a lock blocks the loop",
    clause="A task that waits for a lock lets others go on, those of its own thread included",
)
class Blocks(PromptBackend):
    @override
    async def waker(self) -> LoopWaker:
        return _BlockingWaker()


class _BlockingWaker(LoopWaker):
    """Waits as a thread would."""

    @override
    async def wait(self, seconds: float | None) -> bool:
        time.sleep(1.0 if seconds is None else min(seconds, 1.0))
        return False

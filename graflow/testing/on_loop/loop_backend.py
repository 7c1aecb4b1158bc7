"""A backend for threads whose every call is made of its awaitable form."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any, Self, TypeVar

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
)
from graflow.channels.commits.commit import Steps
from graflow.channels.operation.reads import CallFunction
from graflow.testing.on_loop.turns import await_here, call_in_thread

__all__ = ["LoopBackend"]

R = TypeVar("R")


class LoopBackend(BackendInFront):
    """A backend in front of one for coroutines.

    Attributes:
        awaited: The one for coroutines.
    """

    prompt = False

    def __init__(self, awaited: AsyncBackend) -> None:
        """Stand in front of `awaited`."""
        super().__init__(awaited.blocking)
        self.prompt = False
        self.awaited = awaited

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the backend."""
        return _of, (self.inner,)

    @override
    def perform(self, steps: Steps[R]) -> R:
        return await_here(self.awaited.perform(_in_threads(steps)))

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return await_here(self.awaited.read(keys))

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        return await_here(self.awaited.commit(checks, changes))

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return await_here(self.awaited.keys(kept=kept))

    @override
    def clear(self, *, kept: bool = False) -> None:
        await_here(self.awaited.clear(kept=kept))

    @override
    def get(self, key: str) -> Record | None:
        return await_here(self.awaited.get(key))

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        return await_here(self.awaited.head(key, count))

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return await_here(self.awaited.exist(keys))

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        return await_here(self.awaited.digests(keys))

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        await_here(self.awaited.put(key, record, ttl))

    @override
    def apply(self, change: Change) -> Any:
        return await_here(self.awaited.apply(change))

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return await_here(self.awaited.acquire(lock, owner, lease, least))

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        return await_here(self.awaited.line_up(lock, owner, patience))

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return await_here(self.awaited.renew(lock, owner, lease))

    @override
    def release(self, lock: str, owner: str) -> bool:
        return await_here(self.awaited.release(lock, owner))

    @override
    def fenced(self, fence: Fence) -> Self:
        return type(self)(self.inner.fenced(fence).asynchronous())

    @override
    def beside(self, name: str) -> Self:
        return type(self)(self.inner.beside(name).asynchronous())

    @override
    def reopened(self) -> Backend:
        return self.inner.reopened()

    @override
    def asynchronous(self) -> AsyncBackend:
        return self.awaited

    @override
    def close(self) -> None:
        await_here(self.awaited.close())


def _of(inner: Backend) -> LoopBackend:
    return LoopBackend(inner.asynchronous())


def _in_threads(steps: Steps[R]) -> Generator[Any, Any, R]:
    """Let users' functions, which use channels as threads do, be called in threads."""
    go_on: Callable[[], Any] = partial(next, steps)
    while True:
        try:
            step = go_on()
        except StopIteration as end:
            result: R = end.value
            return result
        if isinstance(step, CallFunction):
            step = CallFunction(partial(call_in_thread, step.function), step.argument)
        try:
            go_on = partial(steps.send, (yield step))
        except BaseException as error:  # noqa: BLE001 - the operation gets it
            go_on = partial(steps.throw, error)

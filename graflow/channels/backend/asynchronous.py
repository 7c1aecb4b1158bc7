"""The awaitable form of a backend: the same primitives, which mean the same."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar

from graflow.channels.arguments import MISSING
from graflow.channels.codec.codec import Record
from graflow.channels.codec.digests import digest_of
from graflow.channels.commits.commit import (
    Answer,
    Change,
    Check,
    Conflict,
    Held,
    NotAList,
    Put,
    Steps,
)
from graflow.system.cancellations import result_of
from graflow.system.wakers import LoopWaker

if TYPE_CHECKING:
    from graflow.channels.backend.signals import Signals, WaitingLine
    from graflow.channels.backend.synchronous import Backend

__all__ = ["AsyncBackend"]

R = TypeVar("R")


class AsyncBackend(ABC):
    """What a channel on an event loop asks, in place of the `Backend` that it belongs to.

    Every method means what the backend's method of that name means. A call that is cancelled
    raises `CancelledError` once it is known what became of it: a change has happened by then, or
    never will.

    Attributes:
        backend: The backend whose records these are, for threads.
        name: The channel's name.
        timeout: As of the backend.
    """

    def __init__(self, backend: Backend) -> None:
        """Be the awaitable form of a backend."""
        self.backend = backend
        self.name = backend.name
        self.shared, self.server, self.timeout = backend.shared, backend.server, backend.timeout

    @property
    def blocking(self) -> Backend:
        """The form of this backend that threads use."""
        return self.backend

    @property
    def fresh(self) -> AsyncBackend:
        """The form of this backend that reads nothing from a cache; itself if it has none."""
        return self

    async def perform(self, steps: Steps[R]) -> R:
        """Carry out an operation, and return its result."""
        ended: StopIteration | None = None  # as a user's function raised it
        try:
            step = next(steps)
            while True:
                try:
                    ask = getattr(step, "ask", None)
                    answer = await (self.apply(step) if ask is None else ask(self))  # type: ignore[arg-type]
                except BaseException as error:  # noqa: BLE001 - the operation may have to undo
                    ended = error if isinstance(error, StopIteration) else ended
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        except RuntimeError as error:
            if ended is None or error.__cause__ is not ended:
                raise
            raise ended from None  # a generator can't let it pass as it is

    async def undivided(
        self, operation: Callable[[], Steps[R]]
    ) -> tuple[R, asyncio.CancelledError | None]:
        """Carry out an operation to its end, unless it is cancelled before it has changed anything.

        Returns:
            Its result, and the first `CancelledError` that was raised meanwhile, if there was one.

        Raises:
            CancelledError: It was cancelled, and the operation has changed nothing, or has raised.
        """
        task, cancelled = await self._ended(operation)
        if cancelled is not None and (task.cancelled() or task.exception() is not None):
            raise cancelled
        return task.result(), cancelled

    async def insisted(self, operation: Callable[[], Steps[R]]) -> R:
        """Carry out an operation in any case, for a caller that is being cancelled already."""
        task, _ = await self._ended(operation)
        while task.cancelled():  # by the end of the loop, say, before anything was sent
            task, _ = await self._ended(operation)
        return task.result()

    async def _ended(
        self, operation: Callable[[], Steps[R]]
    ) -> tuple[asyncio.Task[R], asyncio.CancelledError | None]:
        """Carry out an operation in a task of its own, however often this one is cancelled.

        The end of the loop cancels that task, too: it goes on if its request was carried out.
        """
        cancelled: asyncio.CancelledError | None = None
        task = asyncio.ensure_future(self.perform(_past_cancellations(operation())))
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = cancelled or error
        return task, cancelled

    # What every backend has

    @abstractmethod
    async def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        """Return what each of `keys` holds at one moment."""

    @abstractmethod
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        """Make all `changes`, one after the other, if all `checks` hold."""

    @abstractmethod
    async def keys(self, *, kept: bool = False) -> list[str]:
        """Return all live keys."""

    @abstractmethod
    async def clear(self, *, kept: bool = False) -> None:
        """Remove all keys; with `kept`, also those that begin with `KEPT`."""

    @abstractmethod
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        """Take a lock for `lease` ms, if it is free or already held by `owner`."""

    @abstractmethod
    async def line_up(self, lock: str, owner: str, patience: int) -> int:
        """Give `owner` a place in the queue for a lock."""

    @abstractmethod
    async def renew(self, lock: str, owner: str, lease: int) -> bool:
        """Let a lock expire `lease` ms from now if `owner` holds it."""

    @abstractmethod
    async def release(self, lock: str, owner: str) -> bool:
        """Release a lock if `owner` holds it."""

    # What one may know a faster way for

    async def get(self, key: str) -> Record | None:
        """Return the record of a key."""
        held = (await self.read((key,)))[0]
        return None if held is None else held.record

    async def scan(self, prefix: str = "", *, kept: bool = False) -> AsyncIterator[list[str]]:
        """Yield the live keys that begin with `prefix`, some at a time."""
        found = await self.keys(kept=kept)
        yield [key for key in found if key.startswith(prefix)] if prefix else found

    async def head(self, key: str, count: int) -> list[bytes]:
        """Return the first `count` items of a list."""
        record = await self.get(key)
        if isinstance(record, bytes):
            raise NotAList(key)
        return record[:count] if record else []

    async def exist(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each of `keys` whether it exists."""
        return [held is not None for held in await self.read(keys)]

    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        """Return the digest of what each of `keys` holds."""
        found = await self.read(keys)
        return [None if held is None else digest_of(held.record) for held in found]

    async def put(self, key: str, record: Record, ttl: int | None) -> None:
        """Let a key hold a record."""
        await self.apply(Put(key, record, ttl))

    async def apply(self, change: Change) -> Any:
        """Make one change, and return its answer."""
        answers = await self.commit((), (change,))
        assert not isinstance(answers, Conflict)
        return answers[0]

    # What is not about records

    def signals(self) -> Signals:
        """Return the signals of this channel, for threads and coroutines alike."""
        return self.backend.signals()

    async def sleep(self, seconds: float) -> None:
        """Let others go on for so many seconds."""
        await asyncio.sleep(seconds)

    async def call(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Call a function of the user's, and return what it returns; a coroutine is awaited."""
        result = function(argument)
        return await result if isawaitable(result) else result

    async def line_of_loop(self, lock: str) -> WaitingLine:
        """Return the line of those who wait for a lock on this event loop; one of them asks."""
        return self.signals().line(_line_name(lock))

    async def let_go(self, lock: str, owner: str) -> bool:
        """Release a lock, and wake whoever is first in line on this event loop."""
        released = await self.release(lock, owner)
        self.signals().wake_line(_line_name(lock))
        return released

    async def waker(self) -> LoopWaker:
        """Return something that wakes a coroutine of this loop."""
        return LoopWaker()

    async def close(self) -> None:
        """Release what this opened; the stored data stays."""

    def __reduce__(self) -> tuple[Callable[[Backend], AsyncBackend], tuple[Backend]]:
        """Be the awaitable form of the backend in another process, too."""
        return _awaitable, (self.backend,)

    def __repr__(self) -> str:
        """Show the class and the name."""
        return f"{type(self).__name__}({self.name!r})"


def _awaitable(backend: Backend) -> AsyncBackend:
    return backend.asynchronous()


def _line_name(lock: str) -> str:
    return f"\0loop {id(asyncio.get_running_loop())} {lock}"


def _past_cancellations(steps: Steps[R]) -> Steps[R]:
    """Let an operation go on where a request of its was cancelled and carried out all the same."""
    try:
        request = next(steps)
        while True:
            try:
                answer = yield request
            except asyncio.CancelledError as cancelled:
                answer = result_of(cancelled, MISSING)
                if answer is MISSING:
                    request = steps.throw(cancelled.__cause__ or cancelled)
                    continue
            except BaseException as error:  # noqa: BLE001 - the operation decides what it means
                request = steps.throw(error)
                continue
            request = steps.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result

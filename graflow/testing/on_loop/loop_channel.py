"""A channel for threads whose every operation is awaited on its face for event loops."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from typing_extensions import TypeForm

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_lock import AsyncChannelLock, AsyncHeldLock
from graflow.channels.aio.async_transaction import AsyncTransaction
from graflow.channels.backend import Backend
from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.typed import TypedChannel
from graflow.testing.on_loop.loop_backend import LoopBackend
from graflow.testing.on_loop.turns import await_here, call_in_thread

__all__ = ["LoopChannel", "on_event_loop"]

R = TypeVar("R")
T = TypeVar("T")

_OPERATIONS = (
    *("set", "get", "get_many", "set_many", "add", "entry", "update", "atomic_add"),
    *("append", "prepend", "pop", "delete", "exists", "keys", "clear", "destroy"),
    *("ttl", "touch", "persist", "wait_for"),
)


class LoopChannel(Channel):
    """A channel that does everything by way of `AsyncChannel`."""

    def __init__(self, channel: Channel, face: AsyncChannel) -> None:
        """Stand in front of a face; other processes make it again from a channel."""
        super()._take(LoopBackend(face.backend))
        self._channel = channel
        self._face = face

    def _take(self, backend: Backend) -> None:
        super()._take(backend)
        self._face = AsyncChannel(backend.asynchronous())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the channel."""
        return _anew, (self._channel,)

    def close(self) -> None:
        """Close both."""
        await_here(self._face.close())
        self._channel.close()

    def update(self, key: str, fn: Callable[[Any], object], *args: Any, **kwargs: Any) -> Any:
        """Do as `Channel.update` does; the function may use channels as threads do."""

        async def call(value: Any) -> object:
            return await call_in_thread(fn, value)

        return await_here(self._face.update(key, call, *args, **kwargs))

    def transact(self, fn: Callable[..., R], **limits: Any) -> R:
        """Do as `Channel.transact` does."""

        async def call(transaction: AsyncTransaction) -> R:
            inside = LoopTransaction(self._channel, transaction)
            return await call_in_thread(fn, inside)

        return await_here(self._face.transact(call, **limits))

    def lock(self, *args: Any, **kwargs: Any) -> Any:
        """Do as `Channel.lock` does."""
        return _Lock(self._face.lock(*args, **kwargs))


def _operation(name: str) -> Callable[..., Any]:
    def operation(self: LoopChannel, *args: Any, **kwargs: Any) -> Any:
        return await_here(getattr(self._face, name)(*args, **kwargs))

    operation.__doc__ = f"Do as `Channel.{name}` does."
    return operation


for _name in _OPERATIONS:
    if _name not in vars(LoopChannel):
        setattr(LoopChannel, _name, _operation(_name))


class LoopTransaction(LoopChannel):
    """A transaction that does everything by way of `AsyncTransaction`."""

    def typed(self, schema: TypeForm[T], *, strict: bool = True) -> TypedChannel[T]:
        """Return the transaction behind a schema."""
        return TypedChannel(self, schema, strict=strict)

    def keyed(self, schema: TypeForm[T], *, strict: bool = True) -> KeyedChannel[T]:
        """Return the transaction with the keys and types of a `TypedDict`."""
        return KeyedChannel(self, schema, strict=strict)


def on_event_loop(open_: Callable[[str], Channel]) -> Callable[[str], LoopChannel]:
    """Return a function that opens channels which do everything on an event loop.

    Args:
        open_: Opens a channel; its face `aio` is used.
    """
    return lambda name: _anew(open_(name))


def _anew(channel: Channel) -> LoopChannel:
    return LoopChannel(channel, channel.aio)


class _Lock:
    """A lock for threads, in front of one for coroutines."""

    def __init__(self, lock: AsyncChannelLock) -> None:
        self._lock = lock

    @property
    def fence(self) -> int:
        return int(await_here(_of_task(self._lock, "fence")))

    @property
    def lost(self) -> bool:
        return bool(await_here(_of_task(self._lock, "lost")))

    def acquire(self, timeout: Any = None) -> _HeldByTask:
        return _HeldByTask(await_here(self._lock.acquire(timeout)))

    def release(self, held: Any = None) -> None:
        await_here(self._lock.release(held.held if isinstance(held, _HeldByTask) else held))

    def __enter__(self) -> _HeldByTask:
        return _HeldByTask(await_here(self._lock.__aenter__()))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await_here(self._lock.__aexit__(kind, error, traceback))


class _HeldByTask:
    """A lock that is held by a thread, in front of one that a task of the loop holds."""

    def __init__(self, held: AsyncHeldLock) -> None:
        self.held = held

    @property
    def fence(self) -> int:
        return self.held.fence

    @property
    def lost(self) -> bool:
        return self.held.lost

    def release(self) -> None:
        await_here(self.held.release())

    def __enter__(self) -> _HeldByTask:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await_here(self.held.__aexit__(kind, error, traceback))


async def _of_task(lock: AsyncChannelLock, name: str) -> Any:
    return getattr(lock, name)

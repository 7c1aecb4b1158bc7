"""Locks that coroutines wait for."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from graflow.channels.arguments import Seconds
from graflow.channels.backend import AsyncBackend
from graflow.channels.locks.base_lock import BaseHeldLock, BaseLock, waiting_time

__all__ = ["AsyncChannelLock", "AsyncHeldLock"]


class AsyncChannelLock(BaseLock):
    """A lock of a channel, held while the body of an `async with` runs.

    It is the lock that `Channel.lock` makes, with the same holders and the same leases. Whoever
    waits for it lets others go on, so another task of the same thread may hold it meanwhile.
    """

    _blocks_its_thread = False

    def __init__(self, backend: AsyncBackend, key: str, timeout: Seconds, lease: Seconds) -> None:
        """Prepare the lock; see `Channel.lock` for the arguments."""
        super().__init__(backend.blocking, key, timeout, lease)
        self._performer = backend

    async def acquire(self, timeout: Seconds | None = None) -> AsyncHeldLock:
        """Wait for the lock and take it, as entering an `async with` does, until `release`.

        Args:
            timeout: Seconds to wait, >= 0; 0 tries once. `None`: what `lock` was given.

        Returns:
            The lock as it is held, for `release`.

        Raises:
            ChannelTimeoutError: The lock was not free within `timeout`.
            ChannelError: As on entry; see `Channel.lock`.
        """
        seconds = self._timeout if timeout is None else waiting_time(timeout)
        return AsyncHeldLock(self, await self._performer.perform(self._take(seconds)))

    async def release(self, held: AsyncHeldLock | None = None) -> None:
        """Free the lock, as leaving an `async with` does; any task may.

        Args:
            held: What `acquire` returned. `None`: what this task holds, or else whoever took the
                lock first.

        Raises:
            LockLostError: It is not held, or someone else may have held it meanwhile.
            ChannelTypeError: `held` is not a lock that is held.
            ChannelValueError: `held` was acquired by way of another lock object.
        """
        if held is None:
            await self.__aexit__(None, None, None)
        else:
            self._check_held(held, AsyncHeldLock)
            await held.release()

    async def __aenter__(self) -> AsyncHeldLock:
        """Wait for the lock and take it."""
        return await self.acquire()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock, and raise if it was lost while the body ran."""
        await self._performer.perform(self._leave_any(error))


class AsyncHeldLock(BaseHeldLock):
    """A lock that is held: what `async with channel.aio.lock(...) as lock` and `acquire` give."""

    _lock: AsyncChannelLock

    async def release(self) -> None:
        """Free the lock; any task may.

        Raises:
            LockLostError: It was released before, or someone else may have held it meanwhile.
        """
        await self.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        """Return it; leaving the block frees the lock."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock, as the end of the `async with` does."""
        lock = self._lock
        await lock._performer.perform(lock._leave(self._holding, error))

"""Locks: mutual exclusion among handles, threads, processes and machines."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from graflow.channels.arguments import Seconds
from graflow.channels.locks.base_lock import BaseHeldLock, BaseLock, waiting_time

__all__ = ["ChannelLock", "HeldLock"]


class ChannelLock(BaseLock):
    """A lock of a channel, held while the body of a `with` runs, or from `acquire` to `release`.

    The lease is renewed in the background while the process lives, so a long body keeps the lock,
    and the lock of a dead process becomes free when its lease ends. `Channel.lock` makes one. It
    may be entered many times, even by several threads, which then wait for each other, and it may
    be left in a different thread than it was entered in.
    """

    def acquire(self, timeout: Seconds | None = None) -> HeldLock:
        """Wait for the lock and take it, as entering a `with` does, until `release`.

        Args:
            timeout: Seconds to wait, >= 0; 0 tries once. `None`: what `Channel.lock` was given.

        Returns:
            The lock as it is held, for `release`.

        Raises:
            ChannelTimeoutError: The lock was not free within `timeout`.
            ChannelError: As on entry; see `Channel.lock`.
        """
        seconds = self._timeout if timeout is None else waiting_time(timeout)
        return HeldLock(self, self._backend.perform(self._take(seconds)))

    def release(self, held: HeldLock | None = None) -> None:
        """Free the lock, as leaving a `with` does; any thread may.

        Args:
            held: What `acquire` returned. `None`: what this thread or asyncio task holds, or
                else whoever took the lock first.

        Raises:
            LockLostError: It is not held, or someone else may have held it meanwhile.
            ChannelTypeError: `held` is not a lock that is held.
            ChannelValueError: `held` was acquired by way of another lock object.
        """
        if held is None:
            self.__exit__(None, None, None)
        else:
            self._check_held(held, HeldLock)
            held.release()

    def __enter__(self) -> HeldLock:
        """Wait for the lock and take it."""
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock, and raise if it was lost while the body ran."""
        self._backend.perform(self._leave_any(error))


class HeldLock(BaseHeldLock):
    """A lock that is held: what `with channel.lock(...) as lock` and `acquire` give.

    It stands for that one acquisition, no matter which thread uses it. It is a context manager too,
    as in `with lock.acquire(timeout=1):`.
    """

    def release(self) -> None:
        """Free the lock; any thread may.

        Raises:
            LockLostError: It was released before, or someone else may have held it meanwhile.
        """
        self.__exit__(None, None, None)

    def __enter__(self) -> Self:
        """Return it; leaving the block frees the lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock, as the end of the `with` does."""
        self._lock._backend.perform(self._lock._leave(self._holding, error))

"""Locks: mutual exclusion among handles, threads, processes and machines."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.backend import Backend
from graflow.channels.hidden_keys import shown_key
from graflow.channels.locks.lease import Holding, free_later, holding_of
from graflow.channels.locks.line import wait_in_line
from graflow.channels.process_ids import new_owner
from graflow.exceptions import (
    ChannelError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValueError,
    LockDeadlockError,
    LockLostError,
    LockReentryError,
    OutcomeUnknownError,
)
from graflow.system.clock import monotonic

__all__ = ["ChannelLock", "HeldLock"]

E = TypeVar("E", bound=ChannelError)

_LOST: Final = "was lost while its body ran: its lease ended"
_INHERITED: Final = "is held by the process that this one was forked from, not by this one"


class ChannelLock:
    """A lock of a channel, held while the body of a `with` runs, or from `acquire` to `release`.

    The lease is renewed in the background while the process lives, so a long body keeps the lock,
    and the lock of a dead process becomes free when its lease ends. `Channel.lock` makes one. It
    may be entered many times, even by several threads, which then wait for each other, and it may
    be left in a different thread than it was entered in.
    """

    def __init__(self, backend: Backend, key: str, timeout: Seconds, lease: Seconds) -> None:
        """Prepare the lock; see `Channel.lock` for the arguments."""
        self._backend = backend
        self._key = key
        self._timeout = _waiting_time(timeout)
        self._lease = milliseconds(lease, "lease")
        self._holdings: list[Holding] = []

    @property
    def fence(self) -> int:
        """The fencing number of the lock that this thread or asyncio task holds; see `HeldLock`.

        Raises:
            LockLostError: This thread or task has not entered the lock.
        """
        holding = self._entered_here()
        if holding is None:
            raise self._error(LockLostError, "is not held by this thread or task")
        return holding.fence

    @property
    def lost(self) -> bool:
        """Whether this thread or asyncio task is known to have lost the lock."""
        holding = self._entered_here()
        return holding is not None and holding.lost

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
        return self._acquire(self._timeout if timeout is None else _waiting_time(timeout))

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
        elif not isinstance(held, HeldLock):
            raise self._error(
                ChannelTypeError, f"is released with what acquire returned, not {held!r}"
            )
        elif held._lock is not self:
            raise self._error(
                ChannelValueError, "was not acquired here; call release() of what is held"
            )
        else:
            held.release()

    def __enter__(self) -> HeldLock:
        """Wait for the lock and take it."""
        return self._acquire(self._timeout)

    def _acquire(self, timeout: float) -> HeldLock:
        holding = self._take(timeout)
        self._holdings.append(holding)
        return HeldLock(self, holding)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock, and raise if it was lost while the body ran."""
        holdings = self._holdings
        if len(holdings) > 1:
            self._leave(self._entered_here() or holdings[0], error)
        else:
            self._leave(holdings[0] if holdings else None, error)

    def _leave(self, holding: Holding | None, error: BaseException | None) -> None:
        if holding is None or holding not in self._holdings:
            raise self._error(LockLostError, "is not held: it has already been released")
        self._holdings.remove(holding)
        if holding.release():
            return
        lost = self._error(LockLostError, _LOST if holding.is_ours else _INHERITED)
        if error is None or isinstance(error, Exception):
            raise lost from error
        error.add_note(str(lost))

    def _entered_here(self) -> Holding | None:
        """Return what this thread or task entered last; a lock may be left by another one."""
        here = [holding for holding in self._holdings if holding.is_here]
        return here[-1] if here else None

    def _take(self, timeout: float) -> Holding:
        backend, key, lease = self._backend, self._key, self._lease
        owner = new_owner()
        try:
            until = monotonic() + timeout
            judge = partial(self._judge, may_wait=timeout > 0)
            grant = backend.perform(wait_in_line(key, owner, lease, until, judge))
            if grant is not None:
                return Holding(backend, key, owner, grant.fence, lease, grant.asked)
        except OutcomeUnknownError:
            free_later(backend, key, owner, lease)  # else others would wait for nobody
            raise
        except ChannelError:
            raise
        except BaseException:  # Ctrl-C, or no thread to renew; the lock may have been granted
            with suppress(ChannelError):
                backend.release(key, owner)
                backend.line_up(key, owner, 0)
            raise
        raise self._error(ChannelTimeoutError, f"did not become free within {timeout:g} s")

    def _judge(self, owner: str, *, may_wait: bool) -> None:
        """Raise if waiting for the owner of the lock is pointless."""
        holding = holding_of(owner)
        if holding is None:
            return
        if holding.is_here:
            raise self._error(LockReentryError, "is already held by this thread or task")
        if may_wait and holding.waits_for_us:
            raise self._error(
                LockDeadlockError,
                "is held by another asyncio task of this thread, which could not go on while "
                "this one waits; take it in a thread (asyncio.to_thread), or try it with "
                "timeout=0 and await asyncio.sleep in between",
            )

    def _error(self, kind: type[E], what: str) -> E:
        key = shown_key(self._key)
        return kind(
            f"the lock {key!r} of channel {self._backend.name!r} {what}",
            channel=self._backend.name,
            key=key,
        )


class HeldLock:
    """A lock that is held: what `with channel.lock(...) as lock` and `acquire` give.

    It stands for that one acquisition, no matter which thread uses it. It is a context manager too,
    as in `with lock.acquire(timeout=1):`.
    """

    def __init__(self, lock: ChannelLock, holding: Holding) -> None:
        self._lock = lock
        self._holding = holding

    @property
    def fence(self) -> int:
        """The fencing number: every holder's is larger than those of all holders before it.

        Pass it to the resource that the lock protects, which can then refuse late writes of a
        holder that has lost the lock. It is less than 2 ** 53.

        Raises:
            LockLostError: The lock belongs to the process that this one was forked from.
        """
        if not self._holding.is_ours:
            raise self._lock._error(LockLostError, _INHERITED)
        return self._holding.fence

    @property
    def lost(self) -> bool:
        """Whether the lock is known to be lost; a long body can check this."""
        return self._holding.lost or not self._holding.is_ours

    def release(self) -> None:
        """Free the lock; any thread may.

        Raises:
            LockLostError: It was released before, or someone else may have held it meanwhile.
        """
        self._lock._leave(self._holding, None)

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
        self._lock._leave(self._holding, error)


def _waiting_time(timeout: Seconds) -> float:
    return milliseconds(timeout, "timeout", or_zero=True) / 1000

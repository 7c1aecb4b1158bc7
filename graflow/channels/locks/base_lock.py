"""`BaseLock`: what a lock knows and does, whether a thread or a coroutine takes it."""

from __future__ import annotations

from functools import partial
from typing import Final, TypeVar

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.backend import Backend
from graflow.channels.commits.commit import Steps
from graflow.channels.hidden_keys import shown_key
from graflow.channels.locks import fences
from graflow.channels.locks.lease import Holding, free_later, holding_of
from graflow.channels.locks.letting_go import let_go
from graflow.channels.locks.line import wait_in_line
from graflow.channels.locks.lock_steps import FreeLater, LineUp, Release
from graflow.channels.operation.waiting_requests import Insist
from graflow.channels.process_ids import new_owner
from graflow.exceptions import (
    ChannelConnectionError,
    ChannelError,
    ChannelServerError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValueError,
    LockDeadlockError,
    LockLostError,
    LockReentryError,
    OutcomeUnknownError,
)
from graflow.system.clock import monotonic

__all__ = ["BaseHeldLock", "BaseLock", "waiting_time"]

E = TypeVar("E", bound=ChannelError)

_LOST: Final = "was lost while its body ran: its lease ended"
_INHERITED: Final = "is held by the process that this one was forked from, not by this one"


class BaseLock:
    """A lock of a channel, as steps."""

    _blocks_its_thread = True  # whoever waits for it

    def __init__(self, backend: Backend, key: str, timeout: Seconds, lease: Seconds) -> None:
        """Prepare the lock; see `Channel.lock` for the arguments."""
        self._backend = backend
        self._key = key
        self._timeout = waiting_time(timeout)
        self._lease = milliseconds(lease, "lease")
        self._holdings: list[Holding] = []
        self._counter = backend.server, backend.name

    def __repr__(self) -> str:
        """Show the key and the channel."""
        return f"<lock {shown_key(self._key)!r} of channel {self._backend.name!r}>"

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

    def _take(self, timeout: float) -> Steps[Holding]:
        """Wait for the lock and take it."""
        key, lease, owner = self._key, self._lease, new_owner()
        try:
            until = monotonic() + timeout
            judge = partial(self._judge, may_wait=timeout > 0)
            grant = yield from wait_in_line(key, owner, lease, until, judge, self._counter)
            if grant is not None:
                fences.note(*self._counter, grant.fence)
                taken = Holding(self._backend, key, owner, grant.fence, lease, grant.asked)
                self._holdings.append(taken)
                return taken
        except OutcomeUnknownError:
            yield FreeLater(key, owner, lease)  # else others would wait for nobody
            raise
        except ChannelError:
            raise
        except GeneratorExit:  # nobody is there to take another step
            free_later(self._backend, key, owner, lease)
            raise
        except BaseException:  # Ctrl-C, or no thread to renew; the lock may have been granted
            try:
                yield Insist(partial(_withdraw, key, owner))
            except ChannelError:
                free_later(self._backend, key, owner, lease)
            raise
        raise self._error(ChannelTimeoutError, f"did not become free within {timeout:g} s")

    def _leave(self, holding: Holding | None, error: BaseException | None) -> Steps[None]:
        """Release the lock, and raise if it was lost while the body ran."""
        if holding is None or holding not in self._holdings:
            raise self._error(LockLostError, "is not held: it has already been released")
        self._holdings.remove(holding)
        if holding.let_go():
            try:
                if (yield from let_go(holding.key, holding.owner, holding.lease)):
                    return
            except (ChannelConnectionError, ChannelServerError):
                yield FreeLater(holding.key, holding.owner, holding.lease)
                raise
        lost = self._error(LockLostError, _LOST if holding.is_ours else _INHERITED)
        if error is None or isinstance(error, Exception):
            raise lost from error
        error.add_note(str(lost))

    def _leave_any(self, error: BaseException | None) -> Steps[None]:
        """Release what this thread or task holds, or else whoever took the lock first."""
        holdings = self._holdings
        if len(holdings) > 1:
            return self._leave(self._entered_here() or holdings[0], error)
        return self._leave(holdings[0] if holdings else None, error)

    def _check_held(self, held: object, kind: type[BaseHeldLock]) -> None:
        """Check what `release` was given."""
        if not isinstance(held, kind):
            raise self._error(
                ChannelTypeError, f"is released with what acquire returned, not {held!r}"
            )
        if held._lock is not self:
            raise self._error(
                ChannelValueError, "was not acquired here; call release() of what is held"
            )

    def _entered_here(self) -> Holding | None:
        """Return what this thread or task entered last; a lock may be left by another one."""
        here = [holding for holding in self._holdings if holding.is_here]
        return here[-1] if here else None

    def _judge(self, owner: str, *, may_wait: bool) -> None:
        """Raise if waiting for the owner of the lock is pointless."""
        holding = holding_of(owner)
        if holding is None:
            return
        if holding.is_here:
            raise self._error(LockReentryError, "is already held by this thread or task")
        if may_wait and self._blocks_its_thread and holding.waits_for_us:
            raise self._error(
                LockDeadlockError,
                "is held by another asyncio task of this thread, which could not go on while "
                "this one waits; take it as `async with channel.aio.lock(...)`",
            )

    def _error(self, kind: type[E], what: str) -> E:
        key = shown_key(self._key)
        return kind(
            f"the lock {key!r} of channel {self._backend.name!r} {what}",
            channel=self._backend.name,
            key=key,
        )


class BaseHeldLock:
    """A lock that is held. It stands for one acquisition, no matter which thread uses it."""

    def __init__(self, lock: BaseLock, holding: Holding) -> None:
        self._lock = lock
        self._holding = holding

    def __repr__(self) -> str:
        """Show which lock was taken."""
        return f"<held {repr(self._lock)[1:-1]}>"

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


def waiting_time(timeout: Seconds) -> float:
    """Check for how long to wait for a lock, and return the seconds."""
    return milliseconds(timeout, "timeout", or_zero=True) / 1000


def _withdraw(key: str, owner: str) -> Steps[None]:
    yield Release(key, owner)
    yield LineUp(key, owner, 0)

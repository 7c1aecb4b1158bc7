"""The holder's side of a lock: who holds it, and the lease renewed while its body runs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Set
from contextlib import suppress
from contextvars import ContextVar
from weakref import ReferenceType, WeakSet, WeakValueDictionary, ref

from graflow.channels.backend import Backend
from graflow.channels.process_ids import Caller, is_of_this_process
from graflow.exceptions import ChannelError
from graflow.system.clock import monotonic
from graflow.system.logs import CHANNELS
from graflow.system.notices import notice
from graflow.system.without_threads import has_threads

__all__ = ["Holding", "free_later", "holding_of"]

_LINGER = 1.0  # seconds that the renewing thread stays when no lock is held
_LONGEST_TRY = 60.0  # seconds spent on releasing a lock that may be held
_FIRST_RETRY, _LAST_RETRY = 0.05, 1.0  # seconds between two attempts at that


class Holding:
    """A lock that this process holds; its lease is renewed until it is released.

    Only the lock object refers to it: once that is garbage-collected nobody can release the lock,
    so renewal stops and the lease ends.

    Attributes:
        key: The name of the lock.
        owner: The name of the acquisition.
        lease: ms for which the lock is taken, and renewed.
        fence: The fencing number of the acquisition.
        lost: Whether the lease is known to have ended.
        due: When to renew the lease, on the clock of `time.monotonic`.
        ended: Set when the lock is released.
    """

    def __init__(
        self, backend: Backend, key: str, owner: str, fence: int, lease: int, since: float
    ) -> None:
        self.fence = fence
        self.lost = False
        self.ended = threading.Event()
        self._backend = backend
        self.key = key
        self.owner = owner
        self.lease = lease
        self._taker = Caller()
        self._is_leased(since)
        _renewer.watch(self)
        _held[owner] = self
        before = _entered.get()
        _entered.set(frozenset((owner, *filter(_held.__contains__, before))) if before else {owner})

    def _is_leased(self, since: float) -> None:
        self._ends = since + self.lease / 1000
        self.due = since + self.lease / 3000

    @property
    def is_needed(self) -> bool:
        """Whether there is anything left to renew."""
        return not self.lost and not self.ended.is_set()

    @property
    def is_ours(self) -> bool:
        """Whether this process took the lock, and not one that it was forked from."""
        return is_of_this_process(self.owner)

    @property
    def is_here(self) -> bool:
        """Whether the code that asks took the lock: the same task, or the same thread.

        A thread that serves several contexts counts as a different one in each.
        """
        taker = self._taker
        return taker.is_here and (taker.task is not None or self.owner in _entered.get())

    @property
    def waits_for_us(self) -> bool:
        """Whether the holder can't go on while the caller blocks its thread."""
        taker = self._taker
        is_in_a_task = taker.task is not None or Caller().task is not None
        return is_in_a_task and taker.is_in_this_thread

    def renew(self) -> None:
        """Renew the lease; if that does not work, try again a little later."""
        started = monotonic()
        try:
            renewed = self._backend.renew(self.key, self.owner, self.lease)
        except Exception as error:  # noqa: BLE001 - or nobody would renew it any more
            _tell_of(error, "renew", self._backend, self.key)
            self.postpone(monotonic())
            return
        if renewed:
            self._is_leased(started)
        else:
            self._is_lost(not self.ended.is_set())

    def postpone(self, now: float) -> None:
        """Try again a little later, unless the lease has ended."""
        self._is_lost(now > self._ends)
        self.due = now + self.lease / 10_000

    def _is_lost(self, lost: bool) -> None:
        self.lost = lost
        if lost:
            notice("lost_lock", self._backend.server)
            channel = self._backend.name
            CHANNELS.warning(
                "The lease of the lock on %r in channel %r was lost while its body ran",
                self.key,
                channel,
                extra={"channel": channel, "key": self.key},
            )

    def let_go(self) -> bool:
        """Hold the lock no more, for all that this process knows; tell whether it ever did."""
        if not self.is_ours:
            return False  # and leave `ended` alone: a thread of the parent may have had its lock
        self.ended.set()
        _renewer.forget(self)
        _held.pop(self.owner, None)
        entered = _entered.get()
        if self.owner in entered:
            _entered.set(entered - {self.owner})
        return True


_held = WeakValueDictionary[str, Holding]()
"""The locks that this process holds, by the names of their owners."""

_entered: ContextVar[Set[str]] = ContextVar("graflow_entered_locks", default=frozenset())
"""The owners of the locks that were taken in this context."""


def holding_of(owner: str) -> Holding | None:
    """Return the lock that `owner` holds, if this process holds it."""
    return _held.get(owner)


def free_later(backend: Backend, key: str, owner: str, lease: int) -> None:
    """Release a lock that may be held, in the background, once its channel can be reached.

    If that takes longer than the lease or a minute, or the system can't start a thread, the lock
    stays until its lease ends.
    """
    with suppress(RuntimeError):
        until = monotonic() + min(lease / 1000, _LONGEST_TRY)
        _start(_free, "graflow-lease", backend.reopened(), key, owner, until)


def _free(backend: Backend, key: str, owner: str, until: float) -> None:
    pause = _FIRST_RETRY
    while monotonic() < until:
        try:
            if backend.release(key, owner):
                return
        except Exception as error:  # noqa: BLE001 - it may work the next time
            _tell_of(error, "release", backend, key)
        time.sleep(pause)  # and try again: what was sent to take the lock may arrive late
        pause = min(2 * pause, _LAST_RETRY)


def _tell_of(error: Exception, what: str, backend: Backend, key: str) -> None:
    """Log what a backend should not have raised; that it can't be reached is told elsewhere."""
    if isinstance(error, ChannelError):
        return
    CHANNELS.warning(
        "The backend of channel %r failed to %s the lock on %r; it will be asked again",
        backend.name,
        what,
        key,
        exc_info=error,
        extra={"channel": backend.name, "key": key},
    )


def _keep(reference: ReferenceType[Holding]) -> None:
    """Renew a lease for as long as somebody is there to release the lock."""
    while (holding := reference()) is not None and holding.is_needed:
        if holding.due <= monotonic():
            holding.renew()
        ended, pause = holding.ended, holding.due - monotonic()
        del holding  # while this waits, the lock may be dropped
        ended.wait(max(0.0, pause))


class _Renewer:
    """The background work of leases: each lock held for long gets a thread that renews it.

    One thread watches all locks; most are released before their first renewal is due, and never
    need a thread.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Begin without locks: after a fork they are still the parent's."""
        self._condition = threading.Condition()
        self._holdings = WeakSet[Holding]()
        self._wakes_at: float | None = None

    def watch(self, holding: Holding) -> None:
        """Renew the lease of `holding` from now on, unless this process can have no threads.

        Raises:
            RuntimeError: The system can't start a thread.
        """
        if not has_threads():
            return
        with self._condition:
            if self._wakes_at is None:
                _start(self._run, "graflow-leases")
                self._wakes_at = holding.due
            self._holdings.add(holding)
            if holding.due < self._wakes_at:
                self._condition.notify()

    def forget(self, holding: Holding) -> None:
        """Stop renewing the lease of `holding`."""
        with self._condition:
            self._holdings.discard(holding)

    def _run(self) -> None:
        with self._condition:
            idle = False
            while not (idle and not self._holdings):
                idle = not self._holdings
                now = monotonic()
                self._keep_what_is_due(now)
                self._wakes_at = min((held.due for held in self._holdings), default=now + _LINGER)
                self._condition.wait(self._wakes_at - now)
            self._wakes_at = None

    def _keep_what_is_due(self, now: float) -> None:
        for holding in [held for held in self._holdings if held.due <= now]:
            try:
                if holding.is_needed:
                    _start(_keep, "graflow-lease", ref(holding))
            except RuntimeError:  # the system can't start a thread now; it may be able to later
                holding.postpone(now)
            else:
                self._holdings.discard(holding)


def _start(target: Callable[..., None], name: str, *args: object) -> None:
    threading.Thread(target=target, args=args, name=name, daemon=True).start()


_renewer = _Renewer()


def _start_anew() -> None:
    """Hold nothing: what a forked process's parent held is still the parent's."""
    global _held  # noqa: PLW0603
    _held = WeakValueDictionary()
    _renewer.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)

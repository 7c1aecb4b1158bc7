"""The holder's side of a lock: who holds it, and the lease renewed while its body runs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Protocol
from weakref import ReferenceType, WeakSet, ref

from graflow.exceptions import ChannelError

__all__ = ["Holding", "LockPrimitives"]

_LINGER = 1.0  # seconds that the renewing thread stays when no lock is held


class LockPrimitives(Protocol):
    """What a lock needs of a channel; `Channel` says what each does."""

    @property
    def name(self) -> str:
        """The channel's name."""

    def _acquire(self, key: str, owner: str, lease: int) -> int | str: ...

    def _renew(self, key: str, owner: str, lease: int) -> bool: ...

    def _release(self, key: str, owner: str) -> bool: ...


class Holding:
    """A lock that this process holds; its lease is renewed until it is released.

    The lock alone keeps it: with a lock that was dropped while it was held goes the last who
    could release it, and the lease ends by itself.

    Attributes:
        fence: The fencing number of the acquisition.
        lost: Whether the lease is known to have ended.
        due: When to renew the lease, on the clock of `time.monotonic`.
        ended: Set when the lock is released.
    """

    def __init__(
        self, channel: LockPrimitives, key: str, owner: str, fence: int, lease: int, since: float
    ) -> None:
        self.fence = fence
        self.lost = False
        self.ended = threading.Event()
        self._channel = channel
        self._key = key
        self._owner = owner
        self._lease = lease
        self._pid = os.getpid()
        self._holder = threading.current_thread()
        self._is_leased(since)
        _renewer.watch(self)

    def _is_leased(self, since: float) -> None:
        self._ends = since + self._lease / 1000
        self.due = since + self._lease / 3000

    @property
    def is_needed(self) -> bool:
        """Whether the lock is held by a thread that can still release it."""
        return not self.lost and not self.ended.is_set() and self._holder.is_alive()

    def renew(self) -> None:
        """Renew the lease; where the channel can't be reached, try again a little later."""
        started = time.monotonic()
        try:
            renewed = self._channel._renew(self._key, self._owner, self._lease)
        except ChannelError:
            self.postpone(time.monotonic())
            return
        if renewed:
            self._is_leased(started)
        else:
            self.lost = not self.ended.is_set()

    def postpone(self, now: float) -> None:
        """Try again a little later, unless the lease has ended."""
        self.lost = now > self._ends
        self.due = now + self._lease / 10_000

    def release(self) -> bool:
        """Free the lock; tell whether it was held until now."""
        self.ended.set()
        _renewer.forget(self)
        if os.getpid() != self._pid:
            return True  # a fork inherited the body; the lock is still its parent's
        return self._channel._release(self._key, self._owner)


def _keep(reference: ReferenceType[Holding]) -> None:
    """Renew a lease for as long as somebody is there to release the lock."""
    while (holding := reference()) is not None and holding.is_needed:
        if holding.due <= time.monotonic():
            holding.renew()
        ended, pause = holding.ended, holding.due - time.monotonic()
        del holding  # while this waits, the lock may be dropped
        ended.wait(max(0.0, pause))


class _Renewer:
    """Gives each lock that is held for long a thread of its own that renews its lease.

    One thread waits for all locks; most are released before their first renewal is due and
    cost no thread.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Begin without locks: after a fork they are still the parent's."""
        self._condition = threading.Condition()
        self._holdings = WeakSet[Holding]()
        self._wakes_at: float | None = None

    def watch(self, holding: Holding) -> None:
        """Renew the lease of `holding` from now on.

        Raises:
            RuntimeError: The system has no thread to give.
        """
        with self._condition:
            if self._wakes_at is None:
                _start(self._run, "graflow-leases")
                self._wakes_at = holding.due
            self._holdings.add(holding)
            if holding.due < self._wakes_at:
                self._condition.notify()

    def forget(self, holding: Holding) -> None:
        """Renew the lease of `holding` no longer."""
        with self._condition:
            self._holdings.discard(holding)

    def _run(self) -> None:
        with self._condition:
            idle = False
            while not (idle and not self._holdings):
                idle = not self._holdings
                now = time.monotonic()
                self._keep_what_is_due(now)
                self._wakes_at = min((held.due for held in self._holdings), default=now + _LINGER)
                self._condition.wait(self._wakes_at - now)
            self._wakes_at = None

    def _keep_what_is_due(self, now: float) -> None:
        for holding in [held for held in self._holdings if held.due <= now]:
            try:
                if holding.is_needed:
                    _start(_keep, "graflow-lease", ref(holding))
            except RuntimeError:  # the system has no thread to give; it may have one later
                holding.postpone(now)
            else:
                self._holdings.discard(holding)


def _start(target: Callable[..., None], name: str, *args: object) -> None:
    threading.Thread(target=target, args=args, name=name, daemon=True).start()


_renewer = _Renewer()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renewer.start_anew)

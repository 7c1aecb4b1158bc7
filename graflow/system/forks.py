"""Locks that are free in a forked child, with the state they guard intact.

A fork copies only the thread that forks. A lock held by another thread at that moment would stay
taken forever in the child, so the fork first takes each lock itself.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Final, Protocol
from weakref import WeakSet

from graflow.system.clock import monotonic

__all__ = ["Guarded", "guard"]

_PATIENCE: Final = 1.0
"""Seconds that a fork waits for all locks, as a signal handler may fork in the middle of a change.
A change that takes longer is left half-done in the copy, where the lock is free anyway."""


class Guarded(Protocol):
    """An object with a lock. Its holder must not take another guarded lock.

    What must not be copied, such as an open connection, can be given up in a method `before_fork`,
    which is called in the parent while it has the lock. It is not called if that takes too long.

    Attributes:
        lock: A `Lock` or an `RLock`. Always take it as `with guarded.lock:`, since it is replaced
            in a forked process.
    """

    lock: Any

    def start_anew(self) -> None:
        """Replace the lock with a new one, in a forked process."""


class _Forks:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._guarded = WeakSet[Guarded]()
        self._thread = threading.local()  # threads that fork at the same time each have their own

    def add(self, guarded: Guarded) -> None:
        with self.lock:
            self._guarded.add(guarded)

    def begin(self) -> None:
        until = monotonic() + _PATIENCE
        self._thread.taken = []
        if self._take(self.lock, until):
            for guarded in list(self._guarded):
                if self._take(guarded.lock, until) and hasattr(guarded, "before_fork"):
                    guarded.before_fork()

    def _take(self, lock: Any, until: float) -> bool:
        is_taken: bool = lock.acquire(timeout=max(0.0, until - monotonic()))
        if is_taken:
            self._thread.taken.append(lock)
        return is_taken

    def end_in_parent(self) -> None:
        while self._thread.taken:
            self._thread.taken.pop().release()

    def end_in_child(self) -> None:
        self.lock = threading.Lock()
        self._thread.taken = []
        for guarded in list(self._guarded):
            guarded.start_anew()


_forks = _Forks()


def guard(guarded: Guarded) -> None:
    """Make sure that forked processes find the object's lock free, while the object lives."""
    _forks.add(guarded)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_forks.begin,
        after_in_parent=_forks.end_in_parent,
        after_in_child=_forks.end_in_child,
    )

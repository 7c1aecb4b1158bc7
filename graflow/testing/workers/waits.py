"""Judgement on a thread that has not finished: it waits for one that is held up, or is slow.

The one that is held up asks. It lets go of the interpreter between two looks, so whoever wants the
interpreter alone runs, or is about to.
"""

from __future__ import annotations

import threading
import time

from graflow.testing.workers.thread_states import (
    Look,
    ThreadState,
    is_shown,
    threads_beside,
)

__all__ = ["Wait", "wait_of"]

_PATIENCE = {"lock": 0.25, "pause": 0.03, "elsewhere": 0.15}
"""Seconds of sleep, by where it sleeps, after which a thread is said to wait even if it could be
for something else: its next try, or a server's reply. The time in which it, or another thread of
this process, wants a processor does not count."""
_DISTURBED = 3.0  # seconds of sleep while other threads run, which may have nothing to do with it
_SPINS = 0.5  # seconds on a processor, after which it is said to try again and again
_BLIND = 0.1  # seconds after which it is said to wait where the system shows nothing


class Wait:
    """The wait of another thread for this one, where the system shows nothing: time decides.

    Attributes:
        is_for_lock: Whether it is known to wait for a lock of this process.
    """

    def __init__(self) -> None:
        self.is_for_lock = False
        self._began = 0.0

    def begin(self) -> None:
        """Let the other begin something, or go on with it."""
        self.is_for_lock = False
        self._began = time.monotonic()

    def is_certain(self) -> bool:
        """Tell whether the other waits. To be called again and again, with pauses."""
        return time.monotonic() - self._began > _BLIND

    def still_waits(self) -> bool:
        """Tell whether the other, which was waiting for a lock, has slept ever since."""
        return False

    def close(self) -> None:
        """Look no more."""


class ShownWait(Wait):
    """The wait of another thread for this one, where the system shows it."""

    def __init__(self, thread: threading.Thread) -> None:
        """Look at a thread that has begun."""
        super().__init__()
        assert thread.native_id is not None
        assert thread.ident is not None
        self._state = ThreadState(thread.native_id)
        self._both = thread.native_id, threading.get_native_id()
        self._clock = time.pthread_getcpuclockid(thread.ident)
        self._at_first = threads_beside(*self._both)
        self._last: tuple[Look, float] | None = None
        self._beside: dict[int, Look] | None = None

    def begin(self) -> None:
        super().begin()
        self._last = self._beside = None
        self._slept = self._disturbed = 0.0
        self._ran = time.clock_gettime(self._clock)

    def is_certain(self) -> bool:
        look, now = self._state.look(), time.monotonic()
        last, self._last = self._last, (look, now)
        if not look.is_asleep:
            return time.clock_gettime(self._clock) - self._ran > _SPINS
        if last is None or last[0] != look:
            self._beside = None
            return False
        before, self._beside = self._beside, threads_beside(*self._both)
        if self._beside != before or not all(look.is_asleep for look in self._beside.values()):
            self._disturbed += now - last[1]
            return self._disturbed > _DISTURBED
        self._slept += now - last[1]
        where = self._state.sleeps_in()
        self.is_for_lock = where == "lock" and self._is_nobody_to_wake_it()
        return self.is_for_lock or self._slept > _PATIENCE[where]

    def _is_nobody_to_wake_it(self) -> bool:
        """Tell whether no other thread, all of which sleep, waits for a reply to pass it on."""
        assert self._beside is not None
        took_part = [
            each for each, look in self._beside.items() if self._at_first.get(each) != look
        ]
        return all(map(_sleeps_in_lock, took_part))

    def still_waits(self) -> bool:
        return self.is_for_lock and self._last is not None and self._state.look() == self._last[0]

    def close(self) -> None:
        self._state.close()


def _sleeps_in_lock(thread: int) -> bool:
    try:
        state = ThreadState(thread)
    except OSError:
        return True  # it has ended
    try:
        return state.sleeps_in() == "lock"
    finally:
        state.close()


def wait_of(thread: threading.Thread) -> Wait:
    """Return what judges a thread that has begun, as well as this system can."""
    return ShownWait(thread) if is_shown() else Wait()

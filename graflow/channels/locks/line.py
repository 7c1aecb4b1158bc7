"""The queue for a lock: first come, first served.

Each thread that waits stands in the queue itself. Of the coroutines of an event loop only the first
one does, and the others stand behind it: so a thousand of them ask no more often than one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from graflow.channels.commits.commit import Steps
from graflow.channels.locks import fences
from graflow.channels.locks.lock_steps import Acquire, LineUp, Sleep, StandInLine
from graflow.channels.operation.waiting_requests import NewWaker, WaitFor
from graflow.exceptions import ChannelError
from graflow.system.chance import CHANCE
from graflow.system.clock import monotonic
from graflow.system.notices import WaitNotice

__all__ = ["PATIENCE", "Grant", "wait_in_line"]

PATIENCE: Final = 500
"""ms for which a waiting owner keeps its place without asking again, and delays others if dead."""

_SHORTEST_PAUSE = 0.0001  # seconds between two questions
_LONGEST_PAUSE = 0.05


class Grant(NamedTuple):
    """A lock that was granted.

    Attributes:
        fence: Its fencing number.
        asked: When it was asked for, on the clock of `time.monotonic`; its lease begins later.
    """

    fence: int
    asked: float


def wait_in_line(
    lock: str,
    owner: str,
    lease: int,
    until: float,
    judge: Callable[[str], None] | None = None,
    counter: tuple[str, str] | None = None,
) -> Steps[Grant | None]:
    """Take a lock; if it is not free, queue behind those who came earlier.

    Args:
        lock: The lock's name.
        owner: The name of the owner who asks.
        lease: ms for which the lock is taken.
        until: When to give up, on the clock of `time.monotonic`.
        judge: Called with the current owner each time the lock is not free; it may raise.
        counter: The server and the channel, if the fencing number is to be larger than any that
            `fences` has noted for them.

    Returns:
        The granted lock, or `None` if time ran out; no place in the queue is left behind.
    """
    wait = _Wait(lock, owner, lease, until, judge, counter)
    grant = yield from wait.ask()
    if grant is not None or monotonic() >= until:
        return grant
    told = WaitNotice("lock", None if counter is None else counter[0])
    told.begin()
    try:
        return (yield from _stand_in_line(lock, wait, until))
    finally:
        told.end()


def _stand_in_line(lock: str, wait: _Wait, until: float) -> Steps[Grant | None]:
    """Wait for a lock that is not free."""
    line = yield StandInLine(lock)  # most locks are free, so this comes late
    if line is None:
        return (yield from wait.in_queue(Sleep))
    waker = yield NewWaker()
    line.enter(waker)
    try:
        while not line.is_first(waker):
            left = until - monotonic()
            if left <= 0:
                return None
            yield WaitFor(waker, left)
        return (yield from wait.in_queue(partial(WaitFor, waker)))
    finally:
        line.leave(waker)


class _Wait:
    """The wait of one owner for a lock; see `wait_in_line`."""

    def __init__(
        self,
        lock: str,
        owner: str,
        lease: int,
        until: float,
        judge: Callable[[str], None] | None,
        counter: tuple[str, str] | None,
    ) -> None:
        self._lock, self._owner, self._lease, self._until = lock, owner, lease, until
        self._judge, self._counter = judge, counter
        self._seen: str | int = 0

    def ask(self) -> Steps[Grant | None]:
        """Take the lock if it is free and nobody has come earlier."""
        asked = monotonic()
        before = 0 if self._counter is None else fences.latest(*self._counter)
        seen = yield Acquire(self._lock, self._owner, self._lease)
        if isinstance(seen, int) and seen <= before:  # the server's counter was lost
            seen = yield Acquire(self._lock, self._owner, self._lease, before + 1)
        if isinstance(seen, int):
            return Grant(seen, asked)
        if self._judge is not None:
            self._judge(seen)
        self._seen = seen
        return None

    def in_queue(self, pause: Callable[[float], Any]) -> Steps[Grant | None]:
        """Take a place in the backend's queue, and ask whenever it may be our turn.

        Args:
            pause: Makes the request to wait for so many seconds.
        """
        pace, ahead, lined_up = _Pace(), 0, -math.inf
        while True:
            now = monotonic()
            if ahead or now - lined_up > PATIENCE / 3_000:
                ahead, lined_up = (yield LineUp(self._lock, self._owner, PATIENCE)), now
            if ahead == 0:
                grant = yield from self.ask()
                if grant is not None:
                    return grant
            left = self._until - monotonic()
            if left <= 0:
                break
            yield pause(min(left, pace.pause(ahead or self._seen, ahead)))
        with suppress(ChannelError):  # the place soon lapses anyway
            yield LineUp(self._lock, self._owner, 0)
        return None


class _Pace:
    """The pauses between questions: short for the first in the queue, and on busy locks."""

    def __init__(self) -> None:
        self._seen: str | int | None = None
        self._since = 0.0

    def pause(self, seen: str | int, ahead: int) -> float:
        """Return the seconds until the next question.

        Args:
            seen: The owner of the lock, or anything else that changes when the lock changes hands.
            ahead: The number of owners ahead of us in the queue.
        """
        now = monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, now
        pause = max(_SHORTEST_PAUSE, (now - self._since) / 4) * (1 + ahead)
        return min(pause, _LONGEST_PAUSE) * CHANCE.uniform(0.75, 1.25)

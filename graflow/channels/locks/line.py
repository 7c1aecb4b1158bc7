"""The queue for a lock: first come, first served."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from graflow.channels.commits.commit import Steps
from graflow.channels.locks import fences
from graflow.channels.locks.lock_steps import Acquire, LineUp, Sleep
from graflow.exceptions import ChannelError
from graflow.system.chance import CHANCE
from graflow.system.clock import monotonic

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
    pace: _Pace | None = None
    ahead, lined_up = 0, 0.0
    while True:
        seen: str | int = ahead
        if ahead == 0:
            asked = monotonic()
            before = 0 if counter is None else fences.latest(*counter)
            seen = yield Acquire(lock, owner, lease)
            if isinstance(seen, int) and seen <= before:  # the server's counter was lost
                seen = yield Acquire(lock, owner, lease, before + 1)
            if isinstance(seen, int):
                return Grant(seen, asked)
            if judge is not None:
                judge(seen)
        left = until - monotonic()
        if left <= 0:
            break
        if pace is None:
            pace = _Pace()  # most locks are free, so this comes late
        else:
            yield Sleep(min(left, pace.pause(seen, ahead)))
        now = monotonic()
        if ahead or now - lined_up > PATIENCE / 3_000:
            ahead, lined_up = (yield LineUp(lock, owner, PATIENCE)), now
    if pace is not None:
        with suppress(ChannelError):  # the place soon lapses anyway
            yield LineUp(lock, owner, 0)
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

"""Clocks: one for waiting, which nobody stops, and those that a test may move."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

__all__ = [
    "MovableClock",
    "elapsed",
    "follow",
    "followed",
    "microseconds_since_1970",
    "milliseconds_since_1970",
    "monotonic",
    "seconds_since_1970",
    "utc_now",
]


class MovableClock(Protocol):
    """A clock that a test moves."""

    def elapsed(self) -> float:
        """Return the seconds on a clock that only goes forward."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""


_followed: MovableClock | None = None


def follow(clock: MovableClock | None) -> None:
    """Go by a clock that a test moves; `None` for those of the system."""
    global _followed  # noqa: PLW0603
    _followed = clock


def followed() -> MovableClock | None:
    """Return the clock that a test moves, if there is one."""
    return _followed


monotonic: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC)  # faster than a function around it
    if hasattr(time, "CLOCK_MONOTONIC")
    else time.monotonic
)
"""Returns the seconds on a clock that only goes forward, and that no test moves.

Libraries that freeze time for tests replace `time.monotonic` in every module. Code that waits for a
thread or a server waits in real time, and would wait forever by such a clock.
"""


def elapsed() -> float:
    """Return the seconds on a clock that only goes forward, for pauses that a test may skip."""
    return monotonic() if _followed is None else _followed.elapsed()


if hasattr(time, "clock_gettime_ns"):

    def _nanoseconds() -> int:
        return time.clock_gettime_ns(time.CLOCK_REALTIME)
else:
    _nanoseconds = time.time_ns


def microseconds_since_1970() -> int:
    """Return the time of day in as much detail as people look at.

    Like those below, it goes by `followed`, and not by what a library freezes.
    """
    if _followed is None:
        return _nanoseconds() // 1_000
    return round(_followed.now().timestamp() * 1_000_000)


def milliseconds_since_1970() -> int:
    """Return the time of day, by which processes agree when something expires."""
    return microseconds_since_1970() // 1_000


def utc_now() -> datetime:
    """Return the time of day in UTC, for records."""
    return datetime.now(UTC) if _followed is None else _followed.now()


def seconds_since_1970() -> float:
    """Return the time of day, by which a checkpoint says when keys expire.

    Without a clock that is followed, libraries that freeze time move it.
    """
    return time.time() if _followed is None else _followed.now().timestamp()

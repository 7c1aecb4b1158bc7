"""Clocks that keep running when a test freezes time: one for waiting, and the time of day."""

from __future__ import annotations

import time

__all__ = ["microseconds_since_1970", "milliseconds_since_1970", "monotonic"]

if hasattr(time, "CLOCK_MONOTONIC"):

    def monotonic() -> float:
        """Return the seconds on a clock that only goes forward.

        Libraries that freeze time for tests replace `time.monotonic` in every module. Code that
        waits for a thread or a server waits in real time, and would wait forever by such a clock.
        """
        return time.clock_gettime(time.CLOCK_MONOTONIC)
else:
    monotonic = time.monotonic


if hasattr(time, "clock_gettime_ns"):

    def _nanoseconds() -> int:
        return time.clock_gettime_ns(time.CLOCK_REALTIME)
else:
    _nanoseconds = time.time_ns


def milliseconds_since_1970() -> int:
    """Return the time of day, by which processes agree when something expires."""
    return _nanoseconds() // 1_000_000


def microseconds_since_1970() -> int:
    """Return the time of day in as much detail as people look at."""
    return _nanoseconds() // 1_000

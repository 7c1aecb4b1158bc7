"""A clock for waiting, which keeps running when a test freezes time."""

from __future__ import annotations

import time

__all__ = ["monotonic"]

if hasattr(time, "CLOCK_MONOTONIC"):

    def monotonic() -> float:
        """Return the seconds on a clock that only goes forward.

        Libraries that freeze time for tests replace `time.monotonic` in every module. Code that
        waits for a thread or a server waits in real time, and would wait forever by such a clock.
        """
        return time.clock_gettime(time.CLOCK_MONOTONIC)
else:
    monotonic = time.monotonic

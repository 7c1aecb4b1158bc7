"""Fencing numbers: every holder's is larger than those of all holders before it.

A number is the time in µs since 1970, or the previous number plus one if that is larger. So numbers
keep growing even if their counter is lost, as when a server comes back empty or a replica lags
behind; and since no lock changes hands once per µs, they never run ahead of the clock. Until the
year 2255 they are below 2 ** 53, so they are exact even where numbers are doubles.
"""

from __future__ import annotations

import time
from typing import Final

__all__ = ["latest", "next_fence", "note"]

_KEPT: Final = 4_096  # channels whose latest number this process remembers

_seen: dict[tuple[str, str], int] = {}


def next_fence(last: int, least: int = 0) -> int:
    """Return the number of the next holder, for a backend whose counter is at `last`.

    Args:
        last: The number of the latest holder, or 0 if it is not known.
        least: The least number to return.
    """
    return max(last + 1, least, time.time_ns() // 1_000)


def latest(server: str, name: str) -> int:
    """Return the largest number that this process got for a lock of a channel; 0 if none."""
    return _seen.get((server, name), 0)


def note(server: str, name: str, fence: int) -> None:
    """Remember a number that this process got for a lock of a channel."""
    place = server, name
    before = _seen.get(place, 0)
    if fence > before:
        if not before and len(_seen) >= _KEPT:
            _seen.pop(next(iter(_seen)), None)
        _seen[place] = fence

"""Fencing numbers: every holder's is larger than those of all holders before it.

A number is the time in µs since 1970, or the previous number plus one if that is larger. So numbers
keep growing even if their counter is lost, as when a server comes back empty or a replica lags
behind; and since no lock changes hands once per µs, they never run ahead of the clock. Until the
year 2255 they are below 2 ** 53, so they are exact even where numbers are doubles.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

__all__ = ["Fenced", "acquire", "next_fence"]

_KEPT: Final = 4_096  # channels whose latest number this process remembers

_seen: dict[tuple[str, str], int] = {}


class Fenced(Protocol):
    """The part of a `Backend` that fencing numbers use."""

    name: str
    server: str

    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        """Take a lock."""


def next_fence(last: int, least: int = 0) -> int:
    """Return the number of the next holder, for a backend whose counter is at `last`.

    Args:
        last: The number of the latest holder, or 0 if it is not known.
        least: The least number to return.
    """
    return max(last + 1, least, time.time_ns() // 1_000)


def acquire(backend: Fenced, lock: str, owner: str, lease: int) -> int | str:
    """Ask for a lock; a granted number is larger than any that this process got before.

    If the counter was lost and the server's clock is behind as well, this asks twice.
    """
    place = backend.server, backend.name
    latest = _seen.get(place, 0)
    answer = backend.acquire(lock, owner, lease)
    if isinstance(answer, int):
        if answer <= latest:
            answer = backend.acquire(lock, owner, lease, latest + 1)
        if isinstance(answer, int) and answer > _seen.get(place, 0):
            if not latest and len(_seen) >= _KEPT:
                _seen.pop(next(iter(_seen)), None)
            _seen[place] = answer
    return answer

"""`SharedReading`: what was read last, shared by all who ask, and read anew when it is time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

__all__ = ["SharedReading"]

T = TypeVar("T")

_SHARE: Final = 10  # reading takes no more than 1 / this of the time


class SharedReading(Generic[T]):
    """Something that is read again and again, by one reader at a time.

    However many ask, and however long reading takes, the store is asked in a tenth of the time at
    most.
    """

    def __init__(
        self,
        read: Callable[[], T],
        pause: Callable[[T], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what reads it, for how many seconds that will do, and what tells the time."""
        self._read, self._pause, self._clock = read, pause, clock
        self._lock = Lock()
        self._held: tuple[T, float] | None = None  # with the time from which it is too old

    def latest(self) -> T:
        """Return it; raises what reading raises."""
        with self._lock:
            begun = self._clock()
            if self._held is not None and begun < self._held[1]:
                return self._held[0]
            found = self._read()
            now = self._clock()
            self._held = found, now + max(self._pause(found), _SHARE * (now - begun))
            return found

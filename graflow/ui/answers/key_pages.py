"""`KeyListing`: the keys of a channel, found as far as somebody has looked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from threading import Lock
from typing import Final, NamedTuple

__all__ = ["KeyListing", "KeyPage"]

_SMALL: Final = 1_000  # keys that are listed anew, and in order
_FRESH: Final = 2.0  # s for which such a list will do
_STALE: Final = 30.0  # s after which the first page of any list is found anew


class KeyPage(NamedTuple):
    """A page of keys.

    Attributes:
        keys: The keys.
        total: How many keys there are; `None` if nobody has looked at the last one.
    """

    keys: list[str]
    total: int | None


class KeyListing:
    """The keys of a channel, one page after the other.

    A channel of a million keys is not listed to its end for somebody who looks at the first page.
    One of few keys is listed again and again, so that new ones are seen.
    """

    def __init__(
        self, find: Callable[[], Iterator[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what begins to find the keys, and what tells the time."""
        self._find, self._clock = find, clock
        self._lock = Lock()
        self._begin()

    def page(self, first: int, size: int) -> KeyPage:
        """Return `size` keys from the `first` one on, which counts from 0; fewer at the end."""
        with self._lock:
            if self._is_too_old(first):
                self._begin()
            self._reach(max(first + size, _SMALL) + 1)
            total = len(self._keys) if self._is_whole else None
            return KeyPage(self._keys[first : first + size], total)

    def _is_too_old(self, first: int) -> bool:
        age = self._clock() - self._begun
        is_small = self._is_whole and len(self._keys) <= _SMALL
        return age > _FRESH if is_small else first == 0 and age > _STALE

    def _begin(self) -> None:
        self._begun = self._clock()
        self._waiting = self._find()
        self._keys: list[str] = []
        self._is_whole = False

    def _reach(self, count: int) -> None:
        """Find keys until there are so many."""
        missing = count - len(self._keys)
        if missing <= 0 or self._is_whole:
            return
        try:
            found = list(islice(self._waiting, missing))
        except BaseException:
            self._begin()  # what has failed would say that there are no more
            raise
        self._keys += found
        if len(found) < missing:
            self._is_whole = True
            if len(self._keys) <= _SMALL:
                self._keys.sort()

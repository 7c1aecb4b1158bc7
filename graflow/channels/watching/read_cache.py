"""Cache of what keys hold, kept right by the signals of their channel."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, TypeAlias
from weakref import finalize, ref

from graflow.channels.backend import (
    Change,
    Check,
    Held,
    Holds,
    Record,
    Signals,
    StartsWith,
)
from graflow.channels.backend.signals import Listener
from graflow.system.clock import monotonic
from graflow.system.forks import guard

__all__ = ["MOST_BYTES", "MOST_KEYS", "ReadCache", "touched"]

Found: TypeAlias = Sequence[Held | None]

MOST_KEYS: Final = 10_000
"""How many keys a cache has, unless something else is said."""

MOST_BYTES: Final = 64 << 20
"""How many bytes the records in a cache have together."""


class _Known(NamedTuple):
    record: Record | None
    until: float  # on the clock of `time.monotonic`
    size: int


class Reading(NamedTuple):
    """A reader, and when it began, on the clock of `time.monotonic`."""

    reader: object
    began: float


class ReadCache:
    """What keys of a channel hold, as long as its signals tell of every change.

    A reader calls `look`. If that knows nothing, it reads inside of `reading`, which keeps nothing
    of a key of whose change somebody told in between. Whoever changes the channel, or reads it in
    another way, does so inside of `changing` or `reading_past`: so nobody who uses this cache gets
    a value that is older than one that it has got, or has written.
    """

    def __init__(self, signals: Signals, most: int = MOST_KEYS) -> None:
        """Begin with nothing.

        Args:
            signals: They tell of changes for as long as this exists.
            most: How many keys to keep, >= 1; those that were used last.
        """
        self.most = most
        self.lock = threading.Lock()
        self._signals = signals
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._begun: dict[str, set[object]] = {}  # who reads a key at present, and may keep it
        self._size = 0
        self._subscription = signals.subscribe(_dropping(ref(self)))
        finalize(self, self._subscription.close).atexit = False
        guard(self)

    def start_anew(self) -> None:
        """Begin with nothing in a forked process."""
        self.lock = threading.Lock()
        self._known, self._begun, self._size = OrderedDict(), {}, 0

    def __len__(self) -> int:
        """Return how many keys it knows."""
        return len(self._known)

    def look(self, keys: Sequence[str]) -> list[Record | None] | None:
        """Return what keys hold, as of one moment; a list of items is the caller's own.

        Returns:
            A record for each key, or `None` for one that does not exist; and `None` if that is not
            known of all of them.
        """
        found: list[Record | None] = []
        with self.lock:
            if not self._signals.is_live:
                return None
            for key in keys:
                known = self._known.get(key)
                if known is None or (known.until != math.inf and known.until <= monotonic()):
                    return None
                self._known.move_to_end(key)
                record = known.record
                found.append(list(record) if isinstance(record, list) else record)
        return found

    @contextmanager
    def reading(self, keys: Sequence[str]) -> Iterator[Callable[[Found], Found]]:
        """Begin to read keys, and give a function that keeps what was found, and returns it."""
        reading = self.begin(keys)

        def keep(found: Found) -> Found:
            self.keep(reading, keys, found)
            return found

        try:
            yield keep
        finally:
            self._end(reading, keys)  # it may have failed, or been cancelled

    @contextmanager
    def reading_past(self, keys: Sequence[str]) -> Iterator[None]:
        """Forget keys that are read without the cache, before anybody sees what was found."""
        try:
            yield
        finally:
            self.drop(keys)

    @contextmanager
    def changing(self, keys: Sequence[str] | None) -> Iterator[None]:
        """Forget keys, `None` for all, before they are changed, and again afterwards."""
        self.drop(keys)
        try:
            yield
        finally:
            self.drop(keys)

    def begin(self, keys: Iterable[str]) -> Reading:
        """Note that keys are about to be read, and return what to pass to `keep`."""
        if not self._signals.is_live:
            self._signals.pause(0.0)  # whoever hears the server has to begin, or to begin anew
        reading = Reading(object(), monotonic())
        with self.lock:
            for key in keys:
                self._begun.setdefault(key, set()).add(reading.reader)
        return reading

    def keep(self, reading: Reading, keys: Sequence[str], found: Found) -> None:
        """Keep what was read, unless somebody told of a change meanwhile.

        Of those who read a key at once, nobody knows whose answer is the newest. The first one to
        return keeps its answer. If another one finds something else, nothing is kept.
        """
        with self.lock:
            is_live = self._signals.is_live
            for key, held in zip(keys, found, strict=True):
                known = self._known.get(key)
                if known is not None and known.until > monotonic():
                    if known.record != (None if held is None else held.record):
                        self._drop(key)
                elif is_live and reading.reader in self._begun.get(key, ()):
                    self._enter(key, held, reading.began)
                else:
                    self._drop(key)
            while self._known and (len(self._known) > self.most or self._size > MOST_BYTES):
                self._drop(next(iter(self._known)))

    def _end(self, reading: Reading, keys: Iterable[str]) -> None:
        with self.lock:
            for key in keys:
                readers = self._begun.get(key)
                if readers is not None:
                    readers.discard(reading.reader)
                    if not readers:
                        del self._begun[key]

    def _enter(self, key: str, held: Held | None, began: float) -> None:
        self._forget(key)
        record = None if held is None else held.record
        until = math.inf
        if held is not None and held.left is not None:
            until = began + held.left / 1000
        own = list(record) if isinstance(record, list) else record
        size = len(key) + (sum(map(len, own)) if isinstance(own, list) else len(own or b""))
        self._known[key] = _Known(own, until, size)
        self._size += size

    def drop(self, keys: Iterable[str] | None) -> None:
        """Forget keys, and let nobody keep them who reads them now; `None`: all keys."""
        with self.lock:
            if keys is None:
                self._known.clear()
                self._begun.clear()
                self._size = 0
                return
            for key in keys:
                self._drop(key)

    def compare(self, listed: Collection[str]) -> None:
        """Forget the keys of which a list says something else."""
        there = set(listed)
        with self.lock:
            differ = [
                key
                for key, known in self._known.items()
                if (known.record is None) == (key in there)
            ]
        self.drop(differ)

    def _drop(self, key: str) -> None:
        self._begun.pop(key, None)
        self._forget(key)

    def _forget(self, key: str) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._size -= known.size


def _dropping(cache: ref[ReadCache]) -> Listener:
    """Return a listener that does not keep the cache alive."""

    def drop(keys: Iterable[str] | None) -> None:
        found = cache()
        if found is not None:
            found.drop(keys)

    return drop


def touched(checks: Sequence[Check], changes: Sequence[Change]) -> list[str]:
    """Return the keys that a commit changes, or whose records it compares."""
    keys = [change.key for change in changes]
    return keys + [check.key for check in checks if isinstance(check, Holds | StartsWith)]

"""`MemoryChannel`: a channel inside one process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NoReturn

from graflow.channels.base import Channel
from graflow.channels.codec import Record
from graflow.channels.primitives import MISSING, Missing, NotAList
from graflow.exceptions import ChannelTypeError

__all__ = ["MemoryChannel", "MemorySpace"]

Entry = tuple[bytes | deque[bytes], float | None]
"""What a key holds, and when it expires, if ever."""


class MemorySpace:
    """The memory behind channels: handles on one space share the channels of the same name."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty space.

        Args:
            clock: Gives the time in seconds, and never goes back. A test can move it by hand.
        """
        self._clock = clock
        self._stores: dict[str, _Store] = {}
        self._lock = threading.Lock()

    def _store(self, name: str) -> _Store:
        with self._lock:
            return self._stores.setdefault(name, _Store(self._clock))


class _Store:
    """What one channel holds. The caller of a method has its lock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.entries: dict[str, Entry] = {}
        self.locks: dict[str, tuple[str, int, float]] = {}
        self.fences = count(1)
        self.expiries: list[tuple[float, str]] = []

    def live(self, key: str) -> Entry | None:
        """Return the entry of `key` unless it has expired."""
        entry = self.entries.get(key)
        if entry is None or entry[1] is None or entry[1] > self.clock():
            return entry
        return None

    def deadline(self, key: str, ttl: int | None) -> float | None:
        """Return when a key that is written now expires, and drop keys that have expired."""
        if self.expiries:
            self._drop_expired()
        if ttl is None:
            return None
        deadline = self.clock() + ttl / 1000
        heappush(self.expiries, (deadline, key))
        return deadline

    def _drop_expired(self) -> None:
        now = self.clock()
        while self.expiries and self.expiries[0][0] <= now:
            self._drop_if_expired(heappop(self.expiries)[1], now)
        if len(self.expiries) > 2 * len(self.entries) + 100:
            self.expiries = [(at, key) for key, (_, at) in self.entries.items() if at is not None]
            heapify(self.expiries)

    def _drop_if_expired(self, key: str, now: float) -> None:
        entry = self.entries.get(key)
        if entry is not None and entry[1] is not None and entry[1] <= now:
            del self.entries[key]


class MemoryChannel(Channel):
    """A channel in the memory of one process, shared by its threads.

    Handles share their keys if they have the same space and the same name. A handle that is
    given no space has one of its own.
    """

    def __init__(self, name: str = "default", *, space: MemorySpace | None = None) -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text.
            space: Where the keys are kept; by default in a new space.
        """
        super().__init__(name)
        self._store = (MemorySpace() if space is None else space)._store(self._name)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: another process could not see the keys."""
        raise ChannelTypeError(
            f"the memory channel {self._name!r} can't leave its process, so it can't be pickled; "
            "use a RedisChannel to share state between processes",
            channel=self._name,
        )

    def _read(self, key: str) -> Record | None:
        # Without the lock: looking up one key of a dict is atomic.
        entry = self._store.entries.get(key)
        if entry is None:
            return None
        data, deadline = entry
        if deadline is None and isinstance(data, bytes):
            return data
        with self._store.lock:
            return _record(self._store.live(key))

    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        with self._store.lock:
            return [_record(self._store.live(key)) for key in keys]

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        store = self._store
        store.lock.acquire()  # a `with` takes twice as long
        try:
            deadline = store.deadline(key, ttl) if ttl or store.expiries else None
            store.entries[key] = (
                record if isinstance(record, bytes) else deque(record),
                deadline,
            )
        finally:
            store.lock.release()

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        data = {key: _data(record) for key, record in records.items()}
        store = self._store
        with store.lock:
            entries = {key: (item, store.deadline(key, ttl)) for key, item in data.items()}
            store.entries.update(entries)  # in one step, as `_read` takes no lock

    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        store = self._store
        with store.lock:
            items, deadline = store.live(key) or (deque(), None)
            if type(items) is not deque:
                raise NotAList
            if ttl is not None or not items:
                at = store.deadline(key, ttl)
                store.entries[key] = (items, deadline if ttl is None else at)
            if at_head:
                items.appendleft(item)
            else:
                items.append(item)
            return len(items)

    def _pop(self, key: str) -> bytes | None:
        store = self._store
        with store.lock:
            items = (store.live(key) or (deque[bytes](),))[0]
            if type(items) is not deque:
                raise NotAList
            if not items:
                return None
            item = items.popleft()
            if not items:
                del store.entries[key]
            return item

    def _first(self, key: str) -> bytes | None:
        with self._store.lock:
            items = (self._store.live(key) or (deque[bytes](),))[0]
            if type(items) is not deque:
                raise NotAList
            return items[0] if items else None

    def _pop_if(self, key: str, item: bytes) -> bool:
        store = self._store
        with store.lock:
            entry = store.live(key)
            items = None if entry is None else entry[0]
            if not isinstance(items, deque) or not items or items[0] != item:
                return False
            items.popleft()
            if not items:
                del store.entries[key]
            return True

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        store = self._store
        with store.lock:
            entry = store.live(key)
            if _record(entry) != old:
                return False
            store.entries[key] = (_data(new), None if entry is None else entry[1])
            return True

    def _delete(self, key: str) -> bool:
        with self._store.lock:
            was_there = self._store.live(key) is not None
            self._store.entries.pop(key, None)
            return was_there

    def _exists(self, key: str) -> bool:
        with self._store.lock:
            return self._store.live(key) is not None

    def _keys(self) -> list[str]:
        store = self._store
        with store.lock:
            now = store.clock()
            return [key for key, (_, at) in store.entries.items() if at is None or at > now]

    def _clear(self) -> None:
        with self._store.lock:
            self._store.entries.clear()

    def _remaining(self, key: str) -> int | Missing | None:
        store = self._store
        with store.lock:
            entry = store.entries.get(key)
            if entry is None:
                return MISSING
            if entry[1] is None:
                return None
            left = round((entry[1] - store.clock()) * 1000)
            return left if left > 0 else MISSING

    def _acquire(self, key: str, owner: str, lease: int) -> int | str:
        store = self._store
        with store.lock:
            holder = self._holder(key)
            if holder is not None and holder[0] != owner:
                return holder[0]
            fence = next(store.fences) if holder is None else holder[1]
            store.locks[key] = (owner, fence, store.clock() + lease / 1000)
            return fence

    def _renew(self, key: str, owner: str, lease: int) -> bool:
        store = self._store
        with store.lock:
            holder = self._holder(key)
            if holder is None or holder[0] != owner:
                return False
            store.locks[key] = (owner, holder[1], store.clock() + lease / 1000)
            return True

    def _release(self, key: str, owner: str) -> bool:
        with self._store.lock:
            holder = self._holder(key)
            if holder is None or holder[0] != owner:
                return False
            del self._store.locks[key]
            return True

    def _holder(self, key: str) -> tuple[str, int, float] | None:
        holder = self._store.locks.get(key)
        return holder if holder is not None and holder[2] > self._store.clock() else None


def _data(record: Record) -> bytes | deque[bytes]:
    return record if isinstance(record, bytes) else deque(record)


def _record(entry: Entry | None) -> Record | None:
    if entry is None:
        return None
    data, _ = entry
    return data if isinstance(data, bytes) else list(data)

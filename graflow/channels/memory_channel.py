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

Data = Record | deque[bytes]
"""What a key holds: a record as it was written, or the items of a list that has been changed."""


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
    """What one channel holds. The caller of a method has its lock.

    A reader that finds no deadline of a key may look at the value without the lock, so a
    deadline is entered before the value that it is for, and removed after it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.values: dict[str, Data] = {}
        self.deadlines: dict[str, float] = {}
        self.locks: dict[str, tuple[str, int, float]] = {}
        self.fences = count(1)
        self._expiries: list[tuple[float, str]] = []

    def live(self, key: str) -> Data | None:
        """Return what `key` holds unless it has expired."""
        deadline = self.deadlines.get(key)
        return self.values.get(key) if deadline is None or deadline > self.clock() else None

    def items(self, key: str) -> deque[bytes] | None:
        """Return the list under `key`, for changing it.

        Raises:
            NotAList: There is something else.
        """
        data = self.live(key)
        if isinstance(data, bytes):
            raise NotAList
        if isinstance(data, list):
            data = self.values[key] = deque(data)
        return data

    def put(self, found: Mapping[str, Data], ttl: int | None) -> None:
        """Let each key hold its data, to expire in `ttl` ms or never."""
        if ttl is not None:
            for key in found:
                self.expire(key, ttl)
        self.values.update(found)  # in one step, for readers without the lock
        if ttl is None:
            for key in found:
                self.deadlines.pop(key, None)
            self._drop_expired()

    def expire(self, key: str, ttl: int) -> None:
        """Let `key` expire in `ttl` ms."""
        self.deadlines[key] = deadline = self.clock() + ttl / 1000
        heappush(self._expiries, (deadline, key))
        self._drop_expired()

    def remove(self, key: str) -> None:
        """Remove `key`, which is there."""
        del self.values[key]
        self.deadlines.pop(key, None)

    def _drop_expired(self) -> None:
        now = self.clock()
        while self._expiries and self._expiries[0][0] <= now:
            _, key = heappop(self._expiries)
            if self.deadlines.get(key, now + 1) <= now:
                self.remove(key)
        if len(self._expiries) > 2 * len(self.deadlines) + 100:
            self._expiries = [(deadline, key) for key, deadline in self.deadlines.items()]
            heapify(self._expiries)


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
        store = self._store
        if key not in store.deadlines:
            data = store.values.get(key)
            if type(data) is bytes or data is None:
                return data
        with store.lock:
            return _record(store.live(key))

    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        with self._store.lock:
            return [_record(self._store.live(key)) for key in keys]

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        store = self._store
        store.lock.acquire()  # a `with` takes longer
        try:
            if ttl or store.deadlines:
                store.put({key: record}, ttl)
            else:
                store.values[key] = record
        finally:
            store.lock.release()

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        with self._store.lock:
            self._store.put(records, ttl)

    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        store = self._store
        with store.lock:
            items = store.items(key)
            if items is None:
                store.put({key: deque((item,))}, ttl)
                return 1
            if ttl is not None:
                store.expire(key, ttl)
            if at_head:
                items.appendleft(item)
            else:
                items.append(item)
            return len(items)

    def _pop(self, key: str) -> bytes | None:
        with self._store.lock:
            items = self._store.items(key)
            if not items:
                return None
            item = items.popleft()
            if not items:
                self._store.remove(key)
            return item

    def _first(self, key: str) -> bytes | None:
        with self._store.lock:
            items = self._store.items(key)
            return items[0] if items else None

    def _pop_if(self, key: str, item: bytes) -> bool:
        with self._store.lock:
            try:
                items = self._store.items(key)
            except NotAList:
                return False
            if not items or items[0] != item:
                return False
            items.popleft()
            if not items:
                self._store.remove(key)
            return True

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        store = self._store
        with store.lock:
            data = store.live(key)
            if _record(data) != old:
                return False
            if data is None:
                store.put({key: new}, None)
            else:
                store.values[key] = new
            return True

    def _delete(self, key: str) -> bool:
        store = self._store
        with store.lock:
            was_there = store.live(key) is not None
            if key in store.values:
                store.remove(key)
            return was_there

    def _exists(self, key: str) -> bool:
        with self._store.lock:
            return self._store.live(key) is not None

    def _keys(self) -> list[str]:
        store = self._store
        with store.lock:
            now = store.clock()
            past = {key for key, deadline in store.deadlines.items() if deadline <= now}
            return [key for key in store.values if key not in past]

    def _clear(self) -> None:
        with self._store.lock:
            self._store.values.clear()
            self._store.deadlines.clear()

    def _remaining(self, key: str) -> int | Missing | None:
        store = self._store
        with store.lock:
            if key not in store.values:
                return MISSING
            deadline = store.deadlines.get(key)
            if deadline is None:
                return None
            left = round((deadline - store.clock()) * 1000)
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


def _record(data: Data | None) -> Record | None:
    return data if data is None or isinstance(data, bytes) else list(data)

"""A correct channel on a dict: what a backend is at the least."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from graflow.channels.backend import MISSING, Missing, NotAList
from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record
from graflow.channels.locks.fences import next_fence
from graflow.exceptions import ChannelTypeError


class Store:
    """What the handles of one name share: records and locks, each with its deadline."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.mutex = threading.RLock()
        self.entries: dict[str, tuple[Record, float | None]] = {}
        self.locks: dict[str, tuple[str, int, float]] = {}
        self.fence = 0


class DictChannel(Channel):
    """A channel on a dict. Everything happens under one mutex."""

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name)
        self.store = store

    @property
    def shared(self) -> bool:
        """`False`: other processes can't reach the keys."""
        return False

    def __reduce__(self) -> NoReturn:
        raise ChannelTypeError("it can't leave its process; use a RedisChannel")

    def _live(self, key: str) -> tuple[Record | None, float | None]:
        record, deadline = self.store.entries.get(key, (None, None))
        if deadline is not None and deadline <= self.store.clock():
            del self.store.entries[key]
            return None, None
        return record, deadline

    def _put(self, key: str, record: Record, deadline: float | None) -> None:
        self.store.entries[key] = (record, deadline)

    def _read(self, key: str) -> Record | None:
        return self._read_many([key])[0]

    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        with self.store.mutex:
            records = [self._live(key)[0] for key in keys]
            return [list(each) if isinstance(each, list) else each for each in records]

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        self._write_many({key: record}, ttl)

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        with self.store.mutex:
            deadline = None if ttl is None else self.store.clock() + ttl / 1000
            for key, record in records.items():
                self._put(key, record, deadline)

    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        with self.store.mutex:
            items, deadline = self._live(key)
            if isinstance(items, bytes):
                raise NotAList
            items = [item, *(items or [])] if at_head else [*(items or []), item]
            self._write(key, items, ttl)
            if ttl is None:
                self._put(key, items, deadline)
            return len(items)

    def _first(self, key: str) -> bytes | None:
        items = self._read(key)
        if isinstance(items, bytes):
            raise NotAList
        return items[0] if items else None

    def _pop(self, key: str) -> bytes | None:
        with self.store.mutex:
            item = self._first(key)
            if item is not None:
                self._pop_if(key, item)
            return item

    def _pop_if(self, key: str, item: bytes) -> bool:
        with self.store.mutex:
            items, deadline = self._live(key)
            if not isinstance(items, list) or items[:1] != [item]:
                return False
            self._put(key, items[1:], deadline)
            return len(items) > 1 or self._delete(key)

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        with self.store.mutex:
            present, deadline = self._live(key)
            if present == old:
                self._put(key, new, deadline)
            return present == old

    def _delete(self, key: str) -> bool:
        with self.store.mutex:
            return self._live(key)[0] is not None and bool(self.store.entries.pop(key))

    def _exists(self, key: str) -> bool:
        return self._read(key) is not None

    def _keys(self) -> list[str]:
        with self.store.mutex:
            return [key for key in list(self.store.entries) if self._live(key)[0] is not None]

    def _clear(self) -> None:
        with self.store.mutex:
            self.store.entries.clear()

    def _remaining(self, key: str) -> int | Missing | None:
        with self.store.mutex:
            record, deadline = self._live(key)
            if record is None:
                return MISSING
            return None if deadline is None else round((deadline - self.store.clock()) * 1000)

    def _holder(self, key: str) -> tuple[str, int, float] | None:
        holder = self.store.locks.get(key)
        return holder if holder is not None and holder[2] > self.store.clock() else None

    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        with self.store.mutex:
            holder = self._holder(key)
            if holder is not None and holder[0] != owner:
                return holder[0]
            last = self.store.fence
            fence = next_fence(last, least) if holder is None else max(holder[1], least)
            self.store.fence = max(last, fence)
            self.store.locks[key] = (owner, fence, self.store.clock() + lease / 1000)
            return fence

    def _renew(self, key: str, owner: str, lease: int) -> bool:
        with self.store.mutex:
            holder = self._holder(key)
            return (
                holder is not None and holder[0] == owner and bool(self._acquire(key, owner, lease))
            )

    def _release(self, key: str, owner: str) -> bool:
        with self.store.mutex:
            holder = self._holder(key)
            return holder is not None and holder[0] == owner and bool(self.store.locks.pop(key))


class DictBackend:
    """Channels of one kind, and a clock that stands still until it is moved."""

    def __init__(self, kind: Callable[[str, Store], Any] = DictChannel) -> None:
        self._kind = kind
        self._now = 1_000.0
        self._stores: dict[str, Store] = {}

    def open(self, name: str) -> Any:
        """Open one more handle on the channel called `name`."""
        return self._kind(name, self._stores.setdefault(name, Store(lambda: self._now)))

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self._now += seconds

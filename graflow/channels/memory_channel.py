"""`MemoryChannel`: a channel inside one process."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NoReturn

from graflow.channels.backend import MISSING, Missing, NotAList
from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record
from graflow.channels.contents.tracking import Tracker
from graflow.channels.memory.store import MemorySpace, StoreTracker, as_record
from graflow.channels.updates import turn_name
from graflow.exceptions import ChannelTypeError

__all__ = ["MemoryChannel", "MemorySpace"]


class MemoryChannel(Channel):
    """A channel in the memory of one process, shared by its threads.

    Handles with the same space and the same name share their keys; a handle made without a
    space gets its own. A forked process has a snapshot of the channel in which no lock is held;
    from then on neither process sees what the other one stores.
    """

    def __init__(self, name: str = "default", *, space: MemorySpace | None = None) -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text.
            space: The space that keeps the keys; a new one by default.
        """
        super().__init__(name)
        self._store = (MemorySpace() if space is None else space)._store(self._name)

    @property
    def shared(self) -> bool:
        """`False`: other processes can't reach the keys."""
        return False

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, because another process could not see the keys."""
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
            return as_record(store.live(key))

    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        with self._store.lock:
            return [as_record(self._store.live(key)) for key in keys]

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        store = self._store
        store.lock.acquire()  # a `with` takes longer
        try:
            if ttl or store.deadlines or store.watches:
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
            for watch in store.watches:
                watch.pushed(key, at_head)
            return len(items)

    def _pop(self, key: str) -> bytes | None:
        with self._store.lock:
            items = self._store.items(key)
            return self._store.pop(key, items) if items else None

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
            self._store.pop(key, items)
            return True

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        return self._swap_in_turn(key, old, new, "")

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool:
        store = self._store
        with store.lock:
            if store.locks.held and store.locks.is_anothers(turn_name(key), owner):
                return False
            data = store.live(key)
            if as_record(data) != old:
                return False
            if data is None:
                store.put({key: new}, None)
            else:
                store.values[key] = new
                for watch in store.watches:
                    watch.wrote(key)
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
            self._store.clear()

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

    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        with self._store.lock:
            return self._store.locks.acquire(key, owner, lease, least)

    def _line_up(self, key: str, owner: str, patience: int) -> int:
        with self._store.lock:
            return self._store.locks.line_up(key, owner, patience)

    def _renew(self, key: str, owner: str, lease: int) -> bool:
        with self._store.lock:
            return self._store.locks.renew(key, owner, lease)

    def _release(self, key: str, owner: str) -> bool:
        with self._store.lock:
            return self._store.locks.release(key, owner)

    # For checkpoints

    def _track(self) -> Tracker:
        # A subclass may read and write differently.
        return StoreTracker(self._store) if type(self) is MemoryChannel else super()._track()

"""Backend of channels in the memory of one process."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, NoReturn

from typing_extensions import override

from graflow.channels.backend import (
    KEEP,
    Answer,
    Backend,
    Change,
    Check,
    Conflict,
    Held,
    Pop,
    Push,
    Put,
    Signals,
)
from graflow.channels.codec.codec import Record
from graflow.channels.commits.settling import Outcome, settle
from graflow.channels.contents.tracking import Comparison, Tracker
from graflow.channels.hidden_keys import KEPT
from graflow.channels.memory.store import MemorySpace, StoreTracker, as_record
from graflow.exceptions import ChannelTypeError

__all__ = ["MemoryBackend", "refuse_pickling"]


class MemoryBackend(Backend):
    """A channel's records in the memory of one process, shared by its threads."""

    shared = False
    prompt = True

    def __init__(self, name: str, space: MemorySpace) -> None:
        """Keep the records of the channel called `name` in a space."""
        super().__init__(name)
        self._store = space.store(self.name)

    @override
    def __reduce__(self) -> NoReturn:
        refuse_pickling(self.name)

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        store = self._store
        with store.lock:
            return [store.held(key) for key in keys]

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        store = self._store
        with store.lock:
            if not checks and (records := _lasting(changes)) is not None:
                store.put(records, None)
                return [None] * len(changes)
            done = settle(checks, changes, store.live, self._keys, store.locks.holder)
            if isinstance(done, Conflict):
                return done
            store.become(done.outcomes)
            return done.answers

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        with self._store.lock:
            return self._keys(kept=kept)

    def _keys(self, *, kept: bool = False) -> list[str]:
        return [key for key in self._store.live_keys() if key.startswith(KEPT) is kept]

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self._store.lock:
            self._store.clear(None if kept else KEPT)

    # Faster ways

    @override
    def get(self, key: str) -> Record | None:
        store = self._store
        if key not in store.deadlines:
            data = store.values.get(key)
            if type(data) is bytes or data is None:
                return data
        with store.lock:
            return as_record(store.live(key))

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        with self._store.lock:
            return list(islice(self._store.items(key) or (), count))

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        with self._store.lock:
            return [self._store.live(key) is not None for key in keys]

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        store = self._store
        lock = store.lock
        lock.acquire()  # a `with` takes longer
        try:
            if ttl is None and not (store.deadlines or store.watches):
                store.values[key] = record
            elif ttl == KEEP:
                store.become({key: Outcome(record, KEEP if store.live(key) is not None else None)})
            else:
                store.put({key: record}, ttl)
        finally:
            lock.release()

    @override
    def apply(self, change: Change) -> Any:
        kind = type(change)
        if kind is Put:
            return self.put(*change)
        if kind is Push:
            return self._push(*change)
        if kind is Pop:
            with self._store.lock:
                items = self._store.items(change.key)
                return self._store.pop(change.key, items) if items else None
        return super().apply(change)

    def _push(self, key: str, item: bytes, ttl: int, at_head: bool) -> int:
        store = self._store
        with store.lock:
            items = store.items(key)
            if items is None:
                store.put({key: [item]}, ttl or None)
                return 1
            if ttl != KEEP:
                store.expire(key, ttl)
            return store.push(key, items, item, at_head=at_head)

    # Locks

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        with self._store.lock:
            return self._store.locks.acquire(lock, owner, lease, least)

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        with self._store.lock:
            return self._store.locks.line_up(lock, owner, patience)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        with self._store.lock:
            return self._store.locks.renew(lock, owner, lease)

    @override
    def release(self, lock: str, owner: str) -> bool:
        with self._store.lock:
            return self._store.locks.release(lock, owner)

    # For those who wait

    @override
    def signals(self) -> Signals:
        return self._store.signals()

    # For checkpoints

    def tracker(self) -> Tracker:
        """Return what tells how the channel changes; see `Tracked`."""
        # A subclass may read and write differently.
        return StoreTracker(self._store) if type(self) is MemoryBackend else Comparison(self)


def _lasting(changes: Sequence[Change]) -> dict[str, Record] | None:
    """Return what `changes` store, if that is all they do, and for ever; as `set_many` does."""
    records: dict[str, Record] = {}
    for change in changes:
        if type(change) is not Put:
            return None
        key, record, ttl = change
        if ttl is not None:
            return None
        records[key] = record
    return records


def refuse_pickling(name: str) -> NoReturn:
    """Raise what says that another process could not see the keys."""
    raise ChannelTypeError(
        f"the memory channel {name!r} can't leave its process, so it can't be pickled; "
        "share state between processes with SQLiteChannel(name, path), or on a server with "
        "RedisChannel(name, url=...)",
        channel=name,
    )

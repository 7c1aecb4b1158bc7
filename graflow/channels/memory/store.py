"""The memory behind the channels of one process."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush
from weakref import WeakValueDictionary

from graflow.channels.backend import KEEP, Held, NotAList
from graflow.channels.codec.codec import Record
from graflow.channels.commits.settling import Ends, Outcome
from graflow.channels.contents.change_log import Change, ChangeLog, Changes, Data
from graflow.channels.memory.lock_table import LockTable
from graflow.channels.memory.store_signals import StoreSignals
from graflow.system.clock import followed, seconds_since_1970
from graflow.system.forks import guard

__all__ = ["MemorySpace", "MemoryStore", "StoreTracker", "as_record", "go_by_the_clock"]

_timed: WeakValueDictionary[int, MemoryStore] = WeakValueDictionary()
"""The stores that go by the clock of the process, by their `id`.

Other threads may make more of them while these are listed, which a set does not bear.
"""


class MemorySpace:
    """The memory behind channels: handles on one space share the channels of the same name."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        """Make an empty space.

        Args:
            clock: Gives the time in seconds, and never goes back. A test can move it by hand. By
                default it is the one of the process, which `graflow.testing.Clock` moves.
        """
        self._clock = clock
        self._stores: dict[str, MemoryStore] = {}

    def store(self, name: str) -> MemoryStore:
        """Return what the channel called `name` holds; it is made if there is none."""
        # Without a lock: of two stores that are made at once, the one that comes first is kept.
        return self._stores.get(name) or self._stores.setdefault(name, self._made())

    def _made(self) -> MemoryStore:
        store = MemoryStore(self._clock)
        if self._clock is None:
            _timed[id(store)] = store
            store.go_by_the_clock()  # which may be another one by now
        return store


class MemoryStore:
    """What one channel holds. The caller of a method has its lock.

    A reader that finds no deadline of a key may look at the value without the lock, so a
    deadline is entered before the value that it is for, and removed after it.

    A forked process has a copy of its own, as of one moment, in which no lock is held.
    """

    def __init__(self, clock: Callable[[], float] | None) -> None:
        self.clock = clock = clock or _clock_now()
        self.lock = threading.Lock()
        self.values: dict[str, Data] = {}
        self.deadlines: dict[str, float] = {}
        self.locks = LockTable(clock)
        self.watches: list[ChangeLog | StoreSignals] = []
        self._expiries: list[tuple[float, str]] = []
        self._signals: StoreSignals | None = None
        guard(self)

    def start_anew(self) -> None:
        """Begin with a lock of its own, in a forked process, and without what others hold."""
        self.lock = threading.Lock()
        self.locks.forget_holders()

    def go_by(self, clock: Callable[[], float]) -> None:
        """Go by another clock from now on; what is to expire lasts as long as it would have."""
        with self.lock:
            ahead = clock() - self.clock()
            self.clock = clock
            self.deadlines = {key: deadline + ahead for key, deadline in self.deadlines.items()}
            self._expiries = [(deadline + ahead, key) for deadline, key in self._expiries]
            self.locks.go_by(clock, ahead)
            for watch in self.watches:
                if watch is self._signals:
                    watch.clear()  # whoever waits has to look how long that is now

    def go_by_the_clock(self) -> None:
        """Go by the clock of the process."""
        while self.clock != (clock := _clock_now()):
            self.go_by(clock)

    def signals(self) -> StoreSignals:
        """Return the signals of this store, which it tells of its changes."""
        with self.lock:
            if self._signals is None:
                self._signals = StoreSignals(self)
            return self._signals

    def tell(self, signals: StoreSignals) -> None:
        """Tell its signals of changes, as long as somebody listens to them."""
        with self.lock:
            if signals not in self.watches:
                self.watches.append(signals)

    def next_expiry(self) -> float:
        """Drop what has expired, and return the seconds until something else does."""
        with self.lock:
            self._drop_expired()
            return self._expiries[0][0] - self.clock() if self._expiries else math.inf

    def live(self, key: str) -> Data | None:
        """Return what `key` holds unless it has expired."""
        deadline = self.deadlines.get(key)
        return self.values.get(key) if deadline is None or deadline > self.clock() else None

    def held(self, key: str) -> Held | None:
        """Return the record of `key`, a list of the caller's own, and the ms that it has left."""
        data, deadline = self.live(key), self.deadlines.get(key)
        record = as_record(data)
        if record is None:
            return None
        left = None if deadline is None else max(1, round((deadline - self.clock()) * 1000))
        return Held(record, left)

    def live_keys(self) -> list[str]:
        """Return all keys that have not expired."""
        now = self.clock()
        past = {key for key, deadline in self.deadlines.items() if deadline <= now}
        return [key for key in self.values if key not in past]

    def items(self, key: str) -> deque[bytes] | None:
        """Return the list under `key`, for changing it.

        Raises:
            NotAList: There is something else.
        """
        data = self.live(key)
        if data is None or type(data) is deque:
            return data
        if isinstance(data, bytes):
            raise NotAList(key)
        items = self.values[key] = deque(data)
        return items

    def put(self, found: Mapping[str, Data], ttl: int | None) -> None:
        """Let each key hold its data, to expire in `ttl` ms or never."""
        if ttl is not None:
            for key in found:
                self.expire(key, ttl)
        self.values.update(found)  # in one step, for readers without the lock
        for watch in self.watches:
            for key in found:
                watch.wrote(key)
        if ttl is None and self.deadlines:
            for key in found:
                self.deadlines.pop(key, None)
            self._drop_expired()
        if self._signals in self.watches and not self._signals.has_listeners:
            self.watches = [watch for watch in self.watches if watch is not self._signals]

    def expire(self, key: str, ttl: int) -> None:
        """Let `key` expire in `ttl` ms."""
        self._set_deadline(key, ttl)
        self._drop_expired()

    def _set_deadline(self, key: str, ttl: int) -> None:
        self.deadlines[key] = deadline = self.clock() + ttl / 1000
        heappush(self._expiries, (deadline, key))

    def become(self, outcomes: Mapping[str, Outcome]) -> None:
        """Let a commit happen, whose outcomes were found for what the store holds now."""
        new: dict[str, Data | None] = {}
        for key, (now, ttl) in outcomes.items():
            if ttl:  # neither `KEEP` nor never
                self._set_deadline(key, ttl)
            if not isinstance(now, Ends) and (now is not None or key in self.values):
                new[key] = now
        # In one step, for readers without the lock; to them a `None` is a key that is gone.
        self.values.update(new)  # type: ignore[arg-type]
        for key, (now, ttl) in outcomes.items():
            if isinstance(now, Ends):
                self._change_ends(key, now)
            if now is None or ttl is None:
                self.deadlines.pop(key, None)
            if not isinstance(now, Ends) or ttl != KEEP:
                for watch in self.watches:
                    watch.wrote(key)
            if now is None:
                self.values.pop(key, None)
        self._drop_expired()

    def _change_ends(self, key: str, ends: Ends) -> None:
        items = self.items(key)
        assert items is not None
        for _ in range(ends.dropped):
            items.popleft()
            for watch in self.watches:
                watch.popped(key, len(items))
        for item in reversed(ends.head):
            self.push(key, items, item, at_head=True)
        for item in ends.tail:
            self.push(key, items, item, at_head=False)

    def push(self, key: str, items: deque[bytes], item: bytes, *, at_head: bool) -> int:
        """Add an item to the list under `key`, and return its length."""
        if at_head:
            items.appendleft(item)
        else:
            items.append(item)
        for watch in self.watches:
            watch.pushed(key, at_head)
        return len(items)

    def pop(self, key: str, items: deque[bytes]) -> bytes:
        """Remove and return the first item of the list under `key`, and the key with the last."""
        item = items.popleft()
        if items:
            for watch in self.watches:
                watch.popped(key, len(items))
        else:
            self.remove(key)
        return item

    def remove(self, key: str) -> None:
        """Remove `key`, which is there."""
        del self.values[key]
        self.deadlines.pop(key, None)
        for watch in self.watches:
            watch.wrote(key)

    def change(self, key: str, epoch: float, watch: ChangeLog | None = None) -> Change:
        """Return what became of `key`; with a `watch`, at the ends of its list.

        Args:
            key: The key.
            epoch: The time in seconds since 1970 when the clock shows 0.
            watch: What noted that only the ends changed.
        """
        data, deadline = self.live(key), self.deadlines.get(key)
        now = watch.ends(key, data) if watch and isinstance(data, deque) else as_record(data)
        expires = None if deadline is None else round((epoch + deadline) * 1000)
        return Change(key, now, expires)

    def clear(self, spared: str | None) -> None:
        """Remove every key, but those that begin with `spared` if it is given."""
        left = {
            key: data
            for key, data in self.values.items()
            if spared is not None and key.startswith(spared)
        }
        deadlines = {key: self.deadlines[key] for key in left if key in self.deadlines}
        self.values.clear()
        self.deadlines.clear()
        self.values.update(left)
        self.deadlines.update(deadlines)
        for watch in self.watches:
            watch.clear()
            for key in left:
                watch.wrote(key)

    def _drop_expired(self) -> None:
        now = self.clock()
        while self._expiries and self._expiries[0][0] <= now:
            _, key = heappop(self._expiries)
            if self.deadlines.get(key, now + 1) <= now:
                self.remove(key)
        if len(self._expiries) > 2 * len(self.deadlines) + 100:
            self._expiries = [(deadline, key) for key, deadline in self.deadlines.items()]
            heapify(self._expiries)


class StoreTracker:
    """What tells how a store changes, at the cost of what has changed."""

    def __init__(self, store: MemoryStore) -> None:
        """Note from now on which keys change."""
        self._store = store
        self._watch = ChangeLog()
        with store.lock:
            store.watches.append(self._watch)

    def take(self, *, everything: bool) -> Changes:
        """Return what became of the store since the last time, or all of it; begin anew."""
        store, watch = self._store, self._watch
        with store.lock:
            now = seconds_since_1970() - store.clock()
            keys = store.values.keys() if everything else watch.written
            changes = [store.change(key, now) for key in keys]
            if not everything:
                changes += [store.change(key, now, watch) for key in watch.lists]
            cleared = everything or watch.cleared
            watch.forget()
        return Changes(cleared, changes)

    def close(self) -> None:
        """Note nothing any more."""
        with self._store.lock:
            self._store.watches.remove(self._watch)


def as_record(data: Data | None) -> Record | None:
    """Return what a channel reads of it: bytes, or a list of its own."""
    return data if data is None or isinstance(data, bytes) else list(data)


def go_by_the_clock() -> None:
    """Let all stores go by the clock of the process, which a test has begun or ceased to move."""
    for known in _timed.valuerefs():
        store = known()
        if store is not None:
            store.go_by_the_clock()


def _clock_now() -> Callable[[], float]:
    moved = followed()
    return time.monotonic if moved is None else moved.elapsed

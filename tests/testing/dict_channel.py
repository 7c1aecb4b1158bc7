"""A correct channel on a dict: what a backend is at the least."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from typing_extensions import override

from graflow.channels.backend import Answer, Backend, Change, Check, Conflict, Held, Record
from graflow.channels.base import Channel
from graflow.channels.commits.settling import Ends, Outcome, record_of, settle
from graflow.channels.hidden_keys import KEPT
from graflow.exceptions import ChannelTypeError


class Store:
    """What the handles of one name share: records, each with its deadline."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.mutex = threading.RLock()
        self.entries: dict[str, tuple[Record, float | None]] = {}


class DictBackend(Backend):
    """Records in a dict. Everything happens under one mutex."""

    shared = False

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name)
        self.store = store

    def find(self, key: str) -> Record | None:
        """Return what a key holds, unless it has expired."""
        record, deadline = self.store.entries.get(key, (None, None))
        return record if deadline is None or deadline > self.store.clock() else None

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        with self.store.mutex:
            return [self.held(key) for key in keys]

    def held(self, key: str) -> Held | None:
        """Return a key's record, and the ms that it has left."""
        record = self.find(key)
        if record is None:
            return None
        return Held(record if isinstance(record, bytes) else list(record), self.left(key))

    def left(self, key: str) -> int | None:
        """Return the ms that a key has left, which exists."""
        deadline = self.store.entries[key][1]
        return None if deadline is None else round((deadline - self.store.clock()) * 1000)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            done = settle(checks, changes, self.find, self.keys)
            if isinstance(done, Conflict):
                return done
            for key, outcome in done.outcomes.items():
                self.become(key, outcome)
            return done.answers

    def become(self, key: str, outcome: Outcome) -> None:
        """Store what a commit makes of a key."""
        old, before = self.store.entries.pop(key, (None, None))
        now = outcome.now
        if isinstance(now, Ends) and isinstance(old, list):
            old[: now.dropped] = now.head
            old += now.tail
            record: Record | None = old
        else:
            record = record_of(outcome, old)
        if record is not None:
            record = record if record is old or isinstance(record, bytes) else list(record)
            self.store.entries[key] = record, self.deadline(outcome.ttl, before)

    def deadline(self, ttl: int | None, before: float | None) -> float | None:
        """Return when a key expires, which would have expired at another time."""
        if ttl is None:
            return None
        return self.store.clock() + ttl / 1000 if ttl else before

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        with self.store.mutex:
            there = [key for key in self.store.entries if self.find(key) is not None]
            return [key for key in there if key.startswith(KEPT) is kept]

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self.store.mutex:
            for key in [*self.keys(), *(self.keys(kept=True) if kept else ())]:
                del self.store.entries[key]


class DictChannel(Channel):
    """A channel on a dict."""

    kind: type[DictBackend] = DictBackend
    backend: DictBackend

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(self.kind(name, store))

    def __reduce__(self) -> NoReturn:
        raise ChannelTypeError("it can't leave its process; use a RedisChannel")


class DictChannels:
    """Channels of one kind, and a clock that stands still until it is moved."""

    def __init__(self, kind: Callable[[str, Store], Any] = DictChannel) -> None:
        self.kind = kind
        self._now = 1_000.0
        self.stores: dict[str, Store] = {}

    def open(self, name: str) -> Any:
        """Open one more handle on the channel called `name`."""
        return self.kind(name, self.stores.setdefault(name, Store(lambda: self._now)))

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self._now += seconds

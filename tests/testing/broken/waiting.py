"""Waiters who are not told, told of something else, or who take what they do not return."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.arguments import Seconds
from graflow.channels.backend import Answer, Change, Check, Conflict, Signals
from graflow.channels.backend.signals import Listener
from graflow.channels.commits.settling import Outcome
from graflow.channels.watching.cached_backend import CachedBackend
from graflow.channels.watching.read_cache import ReadCache
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.broken.restarts import durable_harness
from tests.testing.dict_channel import DictBackend, DictChannel, Store

__all__ = ["broken"]

broken = Group(Capability.WAITING, durable_harness)

_LOST = "Nothing is lost for good"
_TELLS = "tells of each key that holds something else than what it was told before"


class StoreSignals(Signals):
    """Signals of a store that tells of its changes, and looks often for what has expired."""

    is_live = True

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    @override
    def pause(self, last: float) -> float:
        return math.inf

    @override
    def expiry(self) -> float:
        return 0.01

    @override
    def catch_up(self, listener: Listener) -> None:
        with self._store.mutex:
            now, entries = self._store.clock(), self._store.entries.items()
            past = [key for key, (_, until) in entries if until is not None and until <= now]
        listener(past)


class Telling(DictBackend):
    """A correct backend that tells of its changes, on a store that can start again."""

    signals_class: type[StoreSignals] = StoreSignals

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self._signals: Signals = vars(store).setdefault("signals", self.signals_class(store))

    @override
    def signals(self) -> Signals:
        return self._signals

    @override
    def become(self, key: str, outcome: Outcome) -> None:
        super().become(key, outcome)
        self._signals.tell(self.named(key))

    def named(self, key: str) -> Iterable[str]:
        """Return the keys to tell of when one has changed."""
        return (key,)

    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=kept)
        self._signals.tell(None)

    def start(self, store: Store) -> None:
        """Start the store again."""
        self._signals.tell(None)


class DeafSignals(StoreSignals):
    """Signals that hear nothing once the store has started again, and don't know."""

    is_deaf = False

    @override
    def tell(self, keys: Iterable[str] | None) -> None:
        if not self.is_deaf:
            super().tell(keys)


@broken("what changes while a watcher connects again is not told", clause=_LOST)
class MissesTheReconnection(Telling):
    signals_class = DeafSignals

    @override
    def start(self, store: Store) -> None:
        vars(self._signals)["is_deaf"] = True


class ForgetfulSignals(StoreSignals):
    """Signals that tell nothing of what expires."""

    @override
    def expiry(self) -> float:
        return math.inf


@broken("what expires is not told", clause='one that is removed or has expired is `"deleted"`')
class MissesExpiry(Telling):
    signals_class = ForgetfulSignals


@broken("those are woken who wait for the beginning of the key", clause=_TELLS)
class WakesThePrefix(Telling):
    @override
    def named(self, key: str) -> Iterable[str]:
        return (key.partition(":")[0],)


@broken("those are woken who wait for the key without its last letter", clause=_TELLS)
class WakesTheShorter(Telling):
    @override
    def named(self, key: str) -> Iterable[str]:
        return (key[:-1],)


@broken("of a commit the first change is told", clause=_TELLS)
class TellsTheFirst(Telling):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        self._first = changes[0].key if changes else None
        return super().commit(checks, changes)

    @override
    def named(self, key: str) -> Iterable[str]:
        return (key,) if key == self._first else ()


@broken("a clear is not told", clause="one that is removed")
class ClearsSilently(Telling):
    @override
    def clear(self, *, kept: bool = False) -> None:
        DictBackend.clear(self, kept=kept)


@broken("what is removed is not told", clause="one that is removed")
class RemovesSilently(Telling):
    @override
    def become(self, key: str, outcome: Outcome) -> None:
        DictBackend.become(self, key, outcome)
        if outcome.now is not None:
            self._signals.tell((key,))


class StubbornCache(ReadCache):
    """A cache that goes on as if it had missed nothing."""

    @override
    def drop(self, keys: Iterable[str] | None) -> None:
        if keys is not None:
            super().drop(keys)


@broken(
    "a cache survives a lost stream", clause="forgets everything when it may have missed a change"
)
class CachedAcrossARestart(DictChannel):
    def __init__(self, name: str, store: Store) -> None:
        self.inner = MissesNothingButTheRestart(name, store)
        backend: Any = CachedBackend(self.inner, StubbornCache(self.inner.signals()))
        backend.start = self.inner.start
        self._take(backend)


class PausedSignals(StoreSignals):
    """Signals that hear nothing from a restart to the first change after it, and say so."""

    misses = False

    @override
    def tell(self, keys: Iterable[str] | None) -> None:
        if self.misses:
            self.misses, keys = False, None
        super().tell(keys)


class MissesNothingButTheRestart(Telling):
    """A correct backend, whose stream of news is interrupted by a restart."""

    signals_class = PausedSignals

    @override
    def start(self, store: Store) -> None:
        vars(self._signals)["misses"] = True


class _PopsInAThread(DictChannel):
    kind = Telling

    def pop_in_time(self, key: str, default: Any, timeout: Any) -> Any:
        """Wait in a thread that goes on waiting when the time is over."""
        found: list[Any] = []
        thread = threading.Thread(
            target=lambda: found.append(super(DictChannel, self).pop(key, default, 5)), daemon=True
        )
        thread.start()
        thread.join(timeout)
        return found[0] if found else default


@broken("a pop that was given up takes the next item", clause="whoever gives up has taken none")
class TakesAfterTheEnd(_PopsInAThread):
    @override
    def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
        if not timeout or timeout == math.inf:
            return super().pop(key, default, timeout)
        return self.pop_in_time(key, default, timeout)


@broken("pop does not wait", clause="waits for an item, and returns the default when the time is")
class DoesNotWait(DictChannel):
    kind = Telling

    @override
    def pop(self, key: str, default: Any = None, timeout: Seconds | None = None) -> Any:
        return super().pop(key, default)

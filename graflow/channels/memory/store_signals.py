"""Signals of a channel in memory, whose store tells of each change."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from graflow.channels.backend import Signals, Subscription
from graflow.channels.backend.signals import Listener

if TYPE_CHECKING:
    from graflow.channels.memory.store import MemoryStore

__all__ = ["StoreSignals"]

_BY_HAND: Final = 0.005  # seconds between two looks at a clock that somebody moves


class StoreSignals(Signals):
    """Signals that a store calls as it calls what notes changes for a checkpoint."""

    is_live = True

    def __init__(self, store: MemoryStore) -> None:
        """Be called by a store, once it is asked for them."""
        super().__init__()
        self._store = store

    @override
    def subscribe(self, listener: Listener, key: str | None = None) -> Subscription:
        subscription = super().subscribe(listener, key)
        self._store.tell(self)
        return subscription

    def wrote(self, key: str) -> None:
        """Tell that a key holds something else, or is gone."""
        self.tell((key,))

    def pushed(self, key: str, at_head: bool) -> None:
        """Tell that a list has got an item."""
        self.tell((key,))

    def popped(self, key: str, left: int) -> None:
        """Tell that a list has lost an item."""
        self.tell((key,))

    def clear(self) -> None:
        """Tell that all keys are gone."""
        self.tell(None)

    @override
    def pause(self, last: float) -> float:
        return math.inf

    @override
    def expiry(self) -> float:
        left = self._store.next_expiry()
        if left == math.inf or self._store.clock is time.monotonic:
            return max(0.0, left)
        return _BY_HAND

    @override
    def catch_up(self, listener: Listener) -> None:
        self._store.next_expiry()

"""Signals of a channel: whoever waits for its changes is told which keys may have changed."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Final, Protocol, TypeAlias
from weakref import WeakKeyDictionary, WeakValueDictionary

from graflow.system.forks import guard

__all__ = ["Listener", "Signals", "Subscription", "WaitingLine", "Wakes", "signals_of"]

Listener: TypeAlias = Callable[[Iterable[str] | None], object]
"""What is told the keys that may have changed, as they are stored, or `None`: any may have.

It is called in any thread, while locks of a backend may be held: it must be quick, and leave the
channel alone.
"""

_FIRST_PAUSE: Final = 0.002  # seconds between two looks of somebody who is told nothing
_LONGEST_PAUSE: Final = 0.25
_GROWTH: Final = 1.5

_numbers = count()


class Wakes(Protocol):
    """A waker, or anything else that is woken."""

    @property
    def is_gone(self) -> bool:
        """Whether nobody is left to be woken."""

    def wake(self) -> None:
        """End the present wait, or else the next one."""


class Signals:
    """Where those of one process meet who wait for changes of one channel.

    This one hears of nothing: whoever waits has to look again, after pauses that grow. A backend
    that hears of changes derives from it, calls `tell`, and overrides `pause` and `expiry`.

    A listener is told of every change that happens after `subscribe`. Where that can't be promised,
    since the stream of news is yet to begin or was interrupted, it is told `None` as soon as every
    later change will be told. So nothing is lost for whoever subscribes, looks, and then waits.
    """

    is_live: bool = False
    """Whether every change from now on will be told."""

    def __init__(self) -> None:
        """Begin with nobody."""
        # Changed without a lock, by one step of a dict each: garbage collection ends subscriptions,
        # and backends tell while they hold locks of their own.
        self._to_all: dict[int, Listener] = {}
        self._to_one: dict[str, dict[int, Listener]] = {}
        self._swept_at = 100
        self._lines: WeakValueDictionary[str, WaitingLine] = WeakValueDictionary()
        self.lock = threading.Lock()
        guard(self)

    def start_anew(self) -> None:
        """Begin with free lines in a forked process, where nobody is who stood in them."""
        self.lock = threading.Lock()
        self._lines = WeakValueDictionary()

    @property
    def has_listeners(self) -> bool:
        """Whether anybody listens."""
        return bool(self._to_all) or any(self._to_one.values())

    def subscribe(self, listener: Listener, key: str | None = None) -> Subscription:
        """Tell a listener of changes, until the subscription is closed; this never blocks.

        Args:
            listener: Told from now on.
            key: The only key that it is about, as it is stored; `None`: all keys.
        """
        number = next(_numbers)
        if key is None:
            self._to_all[number] = listener
        else:
            listeners = None
            while listeners is None or self._to_one.get(key) is not listeners:
                listeners = self._to_one.setdefault(key, {})
                listeners[number] = listener
            if len(self._to_one) > self._swept_at:
                self._sweep()
        return Subscription(self, number, key)

    def _sweep(self) -> None:
        """Forget the keys that nobody listens to any more."""
        for key in [key for key, listeners in list(self._to_one.items()) if not listeners]:
            listeners = self._to_one.pop(key, {})
            for number, listener in list(listeners.items()):  # who came at this moment
                self._to_one.setdefault(key, {})[number] = listener
                listener(None)
        self._swept_at = 2 * len(self._to_one) + 100

    def leave(self, number: int, key: str | None) -> None:
        """End a subscription."""
        listeners = self._to_all if key is None else self._to_one.get(key, {})
        listeners.pop(number, None)

    def tell(self, keys: Iterable[str] | None) -> None:
        """Tell the listeners that keys may have changed, or `None`: any may have."""
        told = None if keys is None else list(keys)
        for each in list(self._to_all.values()):
            each(told)
        if self._to_one:
            for key in list(self._to_one) if told is None else told:
                for each in list(self._to_one.get(key, {}).values()):
                    each(None if told is None else (key,))

    def line(self, key: str) -> WaitingLine:
        """Return the line of those who want an item of a key, first come, first served."""
        with self.lock:
            line = self._lines.get(key)
            if line is None:
                line = self._lines[key] = WaitingLine()
            return line

    def wake_line(self, key: str) -> None:
        """Let whoever stands first in the line of a key look, if anybody stands there."""
        line = self._lines.get(key)
        if line is not None:
            line.wake_first()

    # How long one may wait without being told

    def pause(self, last: float) -> float:
        """Return for how many seconds at most one may wait until one looks again.

        Args:
            last: What this returned to the same one before; 0 at first, and after a change.
        """
        return min(max(last * _GROWTH, _FIRST_PAUSE), _LONGEST_PAUSE)

    def expiry(self) -> float:
        """Return the seconds until `catch_up` has something to tell of keys that expire."""
        return math.inf

    def catch_up(self, listener: Listener) -> None:
        """Tell a listener that has waited for that long what nobody else has told it."""
        listener(None)


class Subscription:
    """A listener's place among those who are told of changes."""

    def __init__(self, signals: Signals, number: int, key: str | None) -> None:
        """Note how to leave."""
        self._signals, self._number, self._key = signals, number, key

    def close(self) -> None:
        """Be told nothing any more."""
        self._signals.leave(self._number, self._key)


class WaitingLine:
    """Those of one process who want an item of the same key, in the order in which they came.

    Only the first of them looks for an item. Whoever leaves the first place, with an item or
    without, wakes the next one, so that no news is lost with who was told it.
    """

    def __init__(self) -> None:
        """Be empty."""
        self._waiting: deque[Wakes] = deque()  # whose operations are atomic

    def __len__(self) -> int:
        """Return how many stand in it."""
        return len(self._waiting)

    def enter(self, waker: Wakes) -> None:
        """Stand at the end."""
        self._waiting.append(waker)

    def is_first(self, waker: Wakes) -> bool:
        """Tell whether nobody stands before that one."""
        return self._first() is waker

    def leave(self, waker: Wakes) -> None:
        """Leave, and let whoever is first now look."""
        with suppress(ValueError):
            self._waiting.remove(waker)
        self.wake_first()

    def wake_first(self, _: Iterable[str] | None = None) -> None:
        """Let the first one look."""
        first = self._first()
        if first is not None:
            first.wake()

    def _first(self) -> Wakes | None:
        """Return who stands first, once those have left who are gone with their event loop."""
        with suppress(IndexError):
            while (first := self._waiting[0]).is_gone:
                with suppress(ValueError):  # somebody else has seen it
                    self._waiting.remove(first)
            return first
        return None


_by_place: WeakValueDictionary[tuple[object, ...], Signals] = WeakValueDictionary()
_by_owner: WeakKeyDictionary[object, Signals] = WeakKeyDictionary()


def signals_of(owner: object, *place: object) -> Signals:
    """Return the signals of a channel of whose changes nobody tells.

    Args:
        owner: Who asks; it has them for as long as it lives.
        place: What tells the channel from all others in this process; without it, they are those
            of the owner alone.
    """
    own = _by_owner.get(owner)
    if own is None:
        own = _by_place.setdefault(place, Signals()) if place else Signals()
        own = _by_owner.setdefault(owner, own)
    return own

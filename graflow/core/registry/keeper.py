"""Renewal of what must not lapse while this process lives, by few threads for each server."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from typing import Final, Protocol
from weakref import WeakValueDictionary

from graflow.system.clock import monotonic

__all__ = ["Keeper", "Renewable", "keeper_of"]

_MOST: Final = 16  # threads of a keeper; so many renewals of one server may hang at a time
_GRACE: Final = 10  # a renewal that is late by this part of its period gets another thread
_LINGER: Final = 1.0  # seconds that a thread stays when nothing is kept


class Renewable(Protocol):
    """Something that has to be renewed."""

    @property
    def period(self) -> float:
        """Seconds from one renewal to the next, > 0."""

    def renew(self) -> bool:
        """Renew it, however long that takes; tell whether to do so again."""


class Keeper:
    """Renews any number of things, one after the other, in one thread while that is quick enough.

    While a thread renews something, another one waits. If what is next is late, that thread takes
    it, so that a renewal that hangs holds up no other, unless so many of them hang that there are
    no more threads. That is why each server has a keeper of its own: one that does not answer lets
    nothing lapse on another.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.start_anew()

    def start_anew(self) -> None:
        """Keep nothing: after a fork, what was kept is still the parent's."""
        self._lock = threading.Lock()
        self._changed, self._done = threading.Condition(self._lock), threading.Condition(self._lock)
        self._kept: dict[int, Renewable] = {}
        self._due: list[tuple[float, int]] = []  # of some that are not kept any more, too
        self._busy: dict[int, int] = {}  # which thread renews it
        self._threads = self._waiting = 0

    def keep(self, kept: Renewable) -> int:
        """Renew something from now on, for the first time after one period.

        Returns:
            A number for `drop`.

        Raises:
            RuntimeError: The system can't start a thread.
        """
        with self._lock:
            if not self._waiting and self._threads < _MOST:
                self._start()
            number = next(_numbers)
            self._kept[number] = kept
            self._plan(monotonic() + kept.period, number)
            return number

    def drop(self, number: int) -> None:
        """Renew something no more; a renewal that has begun is over when this returns."""
        with self._lock:
            self._kept.pop(number, None)
            while self._busy.get(number, me := threading.get_ident()) != me:
                self._done.wait()

    def _start(self) -> None:
        threading.Thread(target=self._run, name="graflow-runs", daemon=True).start()
        self._threads += 1
        self._waiting += 1  # as good as

    def _run(self) -> None:
        with self._lock:
            self._waiting -= 1
            number = self._next(has_worked=False)
            while number is not None:
                kept, began = self._kept[number], monotonic()
                self._lock.release()
                try:
                    is_to_go_on = kept.renew()
                finally:
                    self._lock.acquire()
                    del self._busy[number]
                    self._done.notify_all()
                if number in self._kept and is_to_go_on:
                    self._plan(began + kept.period, number)
                del kept  # while this waits, nobody may need it any more
                number = self._next(has_worked=True)
            self._threads -= 1

    def _plan(self, due: float, number: int) -> None:
        heappush(self._due, (due, number))
        if self._due[0][1] == number:
            self._changed.notify()

    def _next(self, *, has_worked: bool) -> int | None:
        """Wait for what is to be renewed now; `None` if this thread is not needed."""
        end = monotonic() + _LINGER
        while True:
            now, earliest = monotonic(), self._earliest()
            wakes = end
            if earliest is not None:
                wakes, number = earliest
                if self._busy and not has_worked:
                    wakes += self._kept[number].period / _GRACE
                if wakes <= now:
                    return self._take()
                end = now + _LINGER
            has_worked = False
            if self._waiting or end <= now:
                return None
            self._waiting += 1
            self._changed.wait(wakes - now)
            self._waiting -= 1

    def _earliest(self) -> tuple[float, int] | None:
        """Return what is due next, and when."""
        while self._due and self._due[0][1] not in self._kept:
            heappop(self._due)
        return self._due[0] if self._due else None

    def _take(self) -> int:
        """Renew what is due next in this thread, and see to it that another one waits."""
        _, number = heappop(self._due)
        self._busy[number] = threading.get_ident()
        if self._due and not self._waiting and self._threads < _MOST:
            with suppress(RuntimeError):  # the system can't start a thread now
                self._start()
        return number


def keeper_of(server: Hashable) -> Keeper:
    """Return the keeper of a server, which all in this process share who name it so."""
    with _lock:
        keeper = _keepers.get(server)
        if keeper is None:
            keeper = _keepers[server] = Keeper()
        return keeper


_numbers = count()
_lock = threading.Lock()
_keepers = WeakValueDictionary[Hashable, Keeper]()


def _start_anew() -> None:
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    for keeper in list(_keepers.values()):
        keeper.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)

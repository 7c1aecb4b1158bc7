"""Signals of channels in a file: told by this process, and by a look whether others wrote to it."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary, ref

from typing_extensions import override

from graflow.channels.backend import Signals, Subscription
from graflow.channels.backend.signals import Listener
from graflow.system.clock import milliseconds_since_1970, monotonic
from graflow.system.forks import guard

if TYPE_CHECKING:
    from graflow.channels.sqlite.database import Database

__all__ = ["FileNews", "FileSignals"]

_FIRST_PAUSE: Final = 0.001  # seconds between two looks at the file
_LONGEST_PAUSE: Final = 0.05
_GROWTH: Final = 1.2
_LINGER: Final = 1.0  # seconds for which it looks when nobody listens any more
_TIMEOUT: Final = 1.0  # seconds that a look may take

_VERSION: Final = "PRAGMA data_version"
_NEXT: Final = "SELECT min(expires) FROM entries WHERE channel = ? AND expires > ?"


class FileSignals(Signals):
    """Signals of a channel in a file.

    Attributes:
        expires: When the next key expires, in ms since 1970; `None` if nobody has looked since the
            channel was changed.
    """

    def __init__(self, news: FileNews) -> None:
        """Hear of one channel."""
        super().__init__()
        self._news = news
        self.expires: float | None = None

    @property
    def is_live(self) -> bool:  # type: ignore[override]
        """Whether somebody looks at the file."""
        return self._news.is_live

    @override
    def subscribe(self, listener: Listener, key: str | None = None) -> Subscription:
        subscription = super().subscribe(listener, key)
        self._news.attend()
        return subscription

    @override
    def tell(self, keys: Iterable[str] | None) -> None:
        self.expires = None
        super().tell(keys)

    @override
    def pause(self, last: float) -> float:
        if self.is_live:
            return math.inf
        self._news.attend()
        return super().pause(last)


class FileNews:
    """The changes of a file.

    What this process changes it tells by itself. SQLite tells nobody of what other processes
    change, so while anybody listens a thread looks whether the file has another version: once in a
    millisecond after a change, and less and less often, down to 20 times a second.

    Attributes:
        is_live: Whether the thread looks, so that every change will be told.
    """

    def __init__(self, database: Database) -> None:
        """Look at a file when somebody listens."""
        self.is_live = False
        self.lock = threading.Lock()
        self._database = ref(database)
        self._signals: WeakValueDictionary[str, FileSignals] = WeakValueDictionary()
        self._thread: threading.Thread | None = None
        self._changed = threading.Event()
        guard(self)

    def start_anew(self) -> None:
        """Begin without the thread in a forked process."""
        self.lock = threading.Lock()
        self._thread, self.is_live = None, False
        self._changed = threading.Event()

    def signals(self, name: str) -> FileSignals:
        """Return the signals of a channel."""
        with self.lock:
            signals = self._signals.get(name)
            if signals is None:
                signals = self._signals[name] = FileSignals(self)
            return signals

    def tell(self, name: str, keys: Iterable[str] | None) -> None:
        """Tell that this process has changed keys of a channel."""
        if self._signals:
            signals = self._signals.get(name)
            if signals is not None:
                signals.tell(keys)
                self._changed.set()

    def attend(self) -> None:
        """Have the thread look at the file."""
        with self.lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="graflow-file", daemon=True)
                with suppress(RuntimeError):  # the system has no more threads at present
                    thread.start()
                    self._thread = thread

    # In the thread

    def _run(self) -> None:
        version: object = None
        pause, idle_since = _FIRST_PAUSE, math.inf
        try:
            while not self._is_over(idle_since):
                found = self._look(version)
                if found is not None and found != version:
                    pause = _FIRST_PAUSE
                version = found
                self._changed.wait(pause)
                pause = min(pause * _GROWTH, _LONGEST_PAUSE)
                if self._changed.is_set():
                    self._changed.clear()
                    pause = _FIRST_PAUSE
                heard = any(signals.has_listeners for signals in list(self._signals.values()))
                idle_since = math.inf if heard else min(idle_since, monotonic())
        finally:
            with self.lock:
                if self._thread is threading.current_thread():
                    self._thread, self.is_live = None, False

    def _is_over(self, idle_since: float) -> bool:
        if self._database() is None:
            return True
        with self.lock:
            if monotonic() < idle_since + _LINGER:
                return False
            if any(signals.has_listeners for signals in self._signals.values()):
                return False
            self._thread, self.is_live = None, False
            return True

    def _look(self, version: object) -> object:
        """Tell what is new since a version, and return the present one; `None` if that fails."""
        try:
            found = self._version()
            if found != version:
                self._tell_all()
                self.is_live = True
            self._tell_of_expired()
        except Exception:  # noqa: BLE001 - whatever it is, those who wait are told afterwards
            self.is_live = False  # whoever looks meanwhile is told why
            return None
        return found

    def _version(self) -> object:
        return self._ask(_VERSION, ())

    def _ask(self, statement: str, arguments: tuple[object, ...]) -> object:
        database = self._database()
        if database is None:
            return None
        moment = milliseconds_since_1970()
        return database.ask(statement, arguments, _one, _TIMEOUT, moment)

    def _tell_all(self) -> None:
        for signals in list(self._signals.values()):
            signals.tell(None)

    def _tell_of_expired(self) -> None:
        now = milliseconds_since_1970()
        for name, signals in list(self._signals.items()):
            if not signals.has_listeners:
                continue
            if signals.expires is None:
                signals.expires = math.inf
                found = self._ask(_NEXT, (name, now))
                if isinstance(found, int) and signals.expires == math.inf:
                    signals.expires = found
            elif signals.expires <= now:
                signals.tell(None)


def _one(cursor: sqlite3.Cursor) -> object:
    return cursor.fetchall()[0][0]

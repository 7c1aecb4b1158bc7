"""The thread that hears from a server, for all who wait in this process."""

from __future__ import annotations

import math
import os
import selectors
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final
from weakref import WeakValueDictionary

from redis.exceptions import AuthenticationError, RedisError, ResponseError
from typing_extensions import override

from graflow.channels.backend import Signals, Subscription
from graflow.channels.backend.signals import Listener
from graflow.channels.redis.endpoints.endpoint import Endpoint
from graflow.channels.redis.errors import code_of
from graflow.channels.redis.push.dialing import Dialler, Place, dialler_for
from graflow.channels.redis.push.push_connection import PushConnection
from graflow.system.clock import monotonic
from graflow.system.forks import guard
from graflow.system.logs import CHANNELS

__all__ = ["Pushes", "RedisSignals", "pushes_of"]

_FAILURES: Final = (RedisError, OSError)
_PASSING: Final = frozenset({"LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "MISCONF"})
_FIRST_PAUSE: Final = 0.02  # seconds before the second attempt to connect
_LONGEST_PAUSE: Final = 1.0
_LINGER: Final = 10.0  # seconds for which the connection stays when nobody listens any more
_ASK_AGAIN: Final = 3600.0  # seconds after which a user may have got the right
_MARK: Final = b"}:k:"  # ends the prefix of a channel's keys; its name is quoted, so it has none


class RedisSignals(Signals):
    """Signals of a channel on a server, which pushes news of its keys."""

    def __init__(self, pushes: Pushes, prefix: bytes) -> None:
        """Hear of the keys with a prefix."""
        super().__init__()
        self._pushes, self.prefix = pushes, prefix
        self.connection: PushConnection | None = None

    @property
    def is_live(self) -> bool:  # type: ignore[override]
        """Whether the server tells of every change from now on."""
        connection = self.connection
        return connection is not None and self.prefix in connection.live

    @override
    def subscribe(self, listener: Listener, key: str | None = None) -> Subscription:
        subscription = super().subscribe(listener, key)
        if not self.is_live:
            self._pushes.attend()
        return subscription

    @override
    def pause(self, last: float) -> float:
        if self.is_live:
            return math.inf
        self._pushes.attend()
        return super().pause(last)


class Pushes:
    """The news of one server, or of the nodes of a cluster.

    A thread of its own, which runs while anybody listens, keeps one connection to each server that
    has a key of theirs. When a connection breaks it makes another one, and tells that anything may
    have changed meanwhile.
    """

    def __init__(self, dialler: Dialler | None, server: str) -> None:
        """Connect when somebody listens.

        Args:
            dialler: Connects to the server; without it, nothing is heard.
            server: What to call the server in the log.
        """
        self.lock = threading.Lock()
        self._dialler = dialler
        self._server = server
        self._signals: WeakValueDictionary[bytes, RedisSignals] = WeakValueDictionary()
        self._thread: threading.Thread | None = None
        self._waker: socket.socket | None = None
        self._connections: dict[Place, PushConnection] = {}
        self._retries: dict[Place, tuple[float, float]] = {}  # when, and the pause before
        self._refused_until = 0.0 if dialler is not None else math.inf
        self._idle_since = math.inf
        self._is_due = True  # whether somebody has come, or a connection has gone
        guard(self)

    def start_anew(self) -> None:
        """Leave the parent's connections alone in a forked process, and make others if need be."""
        self.lock = threading.Lock()
        self._thread = self._waker = None
        self._connections, self._retries = {}, {}
        for signals in list(self._signals.values()):
            signals.connection = None

    def signals(self, prefix: bytes) -> RedisSignals:
        """Return the signals of the channel whose keys begin with a prefix."""
        with self.lock:
            signals = self._signals.get(prefix)
            if signals is None:
                signals = self._signals[prefix] = RedisSignals(self, prefix)
            return signals

    def attend(self) -> None:
        """Have the thread see to those who listen and hear nothing yet."""
        if monotonic() < self._refused_until:
            return
        with self.lock:
            if self._thread is None:
                with suppress(OSError, RuntimeError):  # no file, or no thread, is free at present
                    self._thread, self._waker = self._start()
            elif self._waker is not None:
                with suppress(OSError):  # it is full, so the thread will wake anyway
                    self._waker.send(b"\0")

    def _start(self) -> tuple[threading.Thread, socket.socket]:
        ear, waker = socket.socketpair()
        for each in (ear, waker):
            each.setblocking(False)
        thread = threading.Thread(
            target=self._run, args=(ear, waker), name="graflow-push", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            ear.close()
            waker.close()
            raise
        return thread, waker

    # In the thread

    def _run(self, ear: socket.socket, waker: socket.socket) -> None:
        """Listen until nobody is interested any more."""
        connections = self._connections  # the next thread gets others
        try:
            with ear, waker, selectors.DefaultSelector() as selector:
                selector.register(ear, selectors.EVENT_READ)
                self._listen(selector, ear)
        except Exception as error:  # noqa: BLE001 - those who listen have to go on
            self._stumble(error)
        finally:
            with self.lock:
                if self._waker is waker:
                    self._let_go()
            for signals in list(self._signals.values()):
                signals.tell(None)
            for connection in connections.values():
                connection.close()

    def _listen(self, selector: selectors.BaseSelector, ear: socket.socket) -> None:
        due = 0.0
        while not self._is_over():
            if self._is_due or monotonic() >= due:
                self._is_due = False
                due = self._tend(selector)
            for ready, _ in selector.select(max(0.0, due - monotonic())):
                if ready.data is None:
                    self._is_due = True
                    with suppress(BlockingIOError):
                        ear.recv(4096)
                elif ready.data in self._connections.values():
                    self._try(selector, ready.data, self._receive)

    def _is_over(self) -> bool:
        """Tell whether to end; then this has let go of everything."""
        with self.lock:
            if self._has_listeners():
                self._idle_since = math.inf
            else:
                self._idle_since = min(self._idle_since, monotonic())
            is_refused = monotonic() < self._refused_until
            if not is_refused and monotonic() <= self._idle_since + _LINGER:
                return False
            self._hush()
            if not is_refused and self._has_listeners():
                self._is_due = True  # somebody came who may have found it live before this
                return False
            self._let_go()
            return True

    def _has_listeners(self) -> bool:
        return any(signals.has_listeners for signals in list(self._signals.values()))

    def _hush(self) -> None:
        """Promise nobody news any more: whoever comes from now on asks for the thread."""
        for signals in list(self._signals.values()):
            signals.connection = None

    def _let_go(self) -> None:
        """Leave everything to the next thread; with the lock."""
        self._thread = self._waker = None
        self._connections = {}
        self._hush()

    def _stumble(self, error: Exception) -> None:
        """Do without the thread for a moment, as nobody knows what would be different at once."""
        self._refused_until = monotonic() + _LONGEST_PAUSE
        CHANNELS.warning(
            "Listening to the server %s failed (%s), so whoever waits asks it again and "
            "again until that works",
            self._server,
            type(error).__name__,
        )

    def _tend(self, selector: selectors.BaseSelector) -> float:
        """See to all connections, and return when to do so again."""
        due = monotonic() + _LINGER
        places = self._places()
        if None in places:
            due = min(due, monotonic() + _LONGEST_PAUSE / 4)
        for place, wanted in places.items():
            if place is None:
                continue
            if place not in self._connections:
                due = min(due, self._open(selector, place))
            if place in self._connections:
                connection = self._connections[place]
                for prefix in wanted & connection.live:
                    self._go_live(prefix, connection)
                self._try(
                    selector, connection, lambda connection, wanted=wanted: connection.tend(wanted)
                )
        for connection in list(self._connections.values()):
            if connection.place not in places:
                self._try(selector, connection, lambda connection: connection.tend(set()))
            due = min(due, connection.due)
        return due

    def _places(self) -> dict[Place | None, set[bytes]]:
        """Return where to hear of which prefixes; `None`: nobody knows at present."""
        places: dict[Place | None, set[bytes]] = {}
        for signals in list(self._signals.values()):
            if signals.has_listeners:
                place = self._place_of(signals)
                if signals.connection is not None and signals.connection.place != place:
                    signals.connection = None  # another node has its keys now
                places.setdefault(place, set()).add(signals.prefix)
        return places

    def _place_of(self, signals: RedisSignals) -> Place | None:
        assert self._dialler is not None
        try:
            return self._dialler.place(signals.prefix)
        except _FAILURES:
            return None

    def _open(self, selector: selectors.BaseSelector, place: Place) -> float:
        """Connect if it is time to, and return when to try again."""
        assert self._dialler is not None
        at, pause = self._retries.get(place, (0.0, _FIRST_PAUSE))
        if monotonic() < at:
            return at
        try:
            connection = PushConnection(self._dialler.connect(place), place, self._dialler.question)
        except _FAILURES as error:
            if isinstance(error, ResponseError) and not isinstance(error, AuthenticationError):
                self._refuse(error)
            self._dialler.doubt()
            at = monotonic() + pause
            self._retries[place] = at, min(2 * pause, _LONGEST_PAUSE)
            return at
        self._connections[place] = connection
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        return math.inf

    def _try(
        self, selector: selectors.BaseSelector, connection: PushConnection, action: Any
    ) -> None:
        """Do something with a connection, or note that it is lost."""
        try:
            action(connection)
        except _FAILURES:
            self._drop(selector, connection)
            assert self._dialler is not None
            self._dialler.doubt()

    def _drop(self, selector: selectors.BaseSelector, connection: PushConnection) -> None:
        self._connections.pop(connection.place, None)
        self._is_due = True
        with suppress(KeyError, ValueError):
            selector.unregister(connection.socket)
        connection.close()

    def _receive(self, connection: PushConnection) -> None:
        assert self._dialler is not None
        for message, about in connection.receive():
            if isinstance(message, Exception):
                if code_of(message) not in _PASSING:
                    self._refuse(message)
                raise message
            if about is None:
                self._dialler.learn(message, connection.place)
                self._is_due = True
            elif about == ():
                self._spread(message, connection)
            else:
                self._retries.pop(connection.place, None)
                for prefix in about:
                    self._go_live(prefix, connection)

    def _go_live(self, prefix: bytes, connection: PushConnection) -> None:
        """Tell those who listen that they are told of everything from now on."""
        signals = self._signals.get(prefix)
        if signals is None or (signals.connection is connection and prefix in connection.live):
            connection.live.add(prefix)
            return
        signals.tell(None)  # first, so that nobody takes what it knows for what is there
        connection.live.add(prefix)
        signals.connection = connection

    def _spread(self, message: Any, connection: PushConnection) -> None:
        if not isinstance(message, list) or len(message) < 2 or message[0] != b"invalidate":
            return
        if message[1] is None:  # all keys are gone
            for prefix in list(connection.live):
                self._tell(prefix, None)
            return
        news: dict[bytes, list[str]] = {}
        for key in message[1]:
            end = key.find(_MARK) + len(_MARK)
            news.setdefault(key[:end], []).append(key[end:].decode(errors="replace"))
        for prefix, keys in news.items():
            self._tell(prefix, keys)

    def _tell(self, prefix: bytes, keys: Iterable[str] | None) -> None:
        signals = self._signals.get(prefix)
        if signals is not None:
            signals.tell(keys)

    def _refuse(self, error: Exception) -> None:
        """Do without the server's news for a while."""
        self._refused_until = monotonic() + _ASK_AGAIN
        CHANNELS.warning(
            "The server %s does not tell of changes (%s), so whoever waits asks it again and "
            "again; grant its user +client|tracking",
            self._server,
            code_of(error) or type(error).__name__,
        )


_made: WeakValueDictionary[tuple[object, ...], Pushes] = WeakValueDictionary()
_lock = threading.Lock()


def pushes_of(endpoint: Endpoint) -> Pushes:
    """Return the news of an endpoint, which all handles of this process share."""
    name = repr(endpoint), *endpoint.passwords  # which the text does not show
    with _lock:
        pushes = _made.get(name)
        if pushes is None:
            pushes = _made[name] = Pushes(dialler_for(endpoint), endpoint.name)
        return pushes


def _start_anew() -> None:
    """Leave the lock of a forked process's parent, which may hold it in another thread."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)

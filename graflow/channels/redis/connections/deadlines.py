"""Deadlines of operations, which bound the sum of all their waits for a server.

An operation may connect to several nodes, shake hands, look up the address of its server, send, and
read a reply that arrives in small pieces. redis-py bounds each of these steps; here their sum is
bounded, since every step asks how much time the operation has left. An attempt stays in one
thread from start to end, so its deadline is kept per thread.
"""

from __future__ import annotations

import math
import threading
from functools import cache
from typing import Any

from redis.exceptions import ResponseError

from graflow.system.clock import monotonic

__all__ = ["bounded", "operation"]

_PROTOCOL_ERROR = b"-ERR Protocol error"
_LAST_WORDS = 0.1  # seconds that the last words of a server may take, which are there already


class _Operation(threading.local):
    """The operation of this thread.

    Attributes:
        deadline: When it must have ended, on the clock of `time.monotonic`.
    """

    deadline = math.inf

    @property
    def left(self) -> float:
        """The seconds that it has left; less than 0 if its time is over."""
        return self.deadline - monotonic()


operation = _Operation()
"""The deadline of the current operation, set for each attempt and restored after it."""


@cache
def bounded(connection_class: type) -> type:
    """Return a connection class of redis-py that keeps the deadlines.

    Args:
        connection_class: Any. One that does not connect as redis-py's do is returned as it is.
    """
    if not hasattr(connection_class, "_connect"):
        return connection_class
    return type(f"Bounded{connection_class.__name__}", (_Bounded, connection_class), {})


class _Bounded:
    """A connection that keeps the deadlines, in front of a connection class of redis-py."""

    is_back = False  # after it had broken; whoever notes that takes it back
    _connecting = False
    _has_connected = False
    _socket_timeout: float | None
    _socket_connect_timeout: float | None

    def _connect(self) -> Any:
        self._connecting = True
        try:
            sock = super()._connect()  # type: ignore[misc]
        finally:
            self._connecting = False
        self.is_back, self._has_connected = self._has_connected, True
        return BoundedSocket(sock, self._socket_timeout)

    @property
    def socket_timeout(self) -> float | None:
        """The seconds that one wait may take."""
        return _shortened(self._socket_timeout) if self._connecting else self._socket_timeout

    @socket_timeout.setter
    def socket_timeout(self, seconds: float | None) -> None:
        self._socket_timeout = seconds

    @property
    def socket_connect_timeout(self) -> float | None:
        """The seconds that connecting to one address may take."""
        limit = self._socket_connect_timeout
        return _shortened(limit) if self._connecting else limit

    @socket_connect_timeout.setter
    def socket_connect_timeout(self, seconds: float | None) -> None:
        self._socket_connect_timeout = seconds


class BoundedSocket:
    """A socket each of whose waits ends by the deadline of the operation that waits.

    Attributes:
        raw: The socket that it is in front of.
        limit: Seconds that one wait may take.
    """

    def __init__(self, sock: Any, limit: float | None) -> None:
        """Wrap a socket.

        Args:
            sock: It is connected, with TLS or without.
            limit: Seconds that one wait may take, or `None` for any.
        """
        self.raw = sock
        self.limit = math.inf if limit is None else limit
        self._timeout = sock.gettimeout()
        self.fileno = sock.fileno
        self.pending = getattr(sock, "pending", int)  # asked before each command; 0 without TLS

    def __getattr__(self, name: str) -> Any:
        """Leave to the socket what does not wait."""
        return getattr(self.raw, name)

    def settimeout(self, seconds: float | None) -> None:
        """Set how long one wait may take."""
        self.limit = math.inf if seconds is None else seconds
        self._timeout = seconds
        self.raw.settimeout(seconds)

    def recv(self, *args: int) -> bytes:
        """Receive something."""
        self._hurry()
        received: bytes = self.raw.recv(*args)
        return received

    def recv_into(self, buffer: bytearray) -> int:
        """Receive something into a buffer."""
        self._hurry()
        count: int = self.raw.recv_into(buffer)
        return count

    def sendall(self, data: bytes) -> None:
        """Send all of the data.

        Raises:
            OSError: Not all could be sent, or not in time.
            ResponseError: The server did not want to read it to its end, and said why.
        """
        try:
            self._hurry()
            sent = self.raw.send(data)
            while sent < len(data):
                self._hurry()
                sent += self.raw.send(memoryview(data)[sent:])
        except TimeoutError:
            raise
        except OSError:
            self._raise_last_words()
            raise

    def _hurry(self) -> None:
        """Let the next wait end in time."""
        seconds = operation.deadline - monotonic()
        if seconds > self.limit:
            seconds = self.limit
        elif seconds <= 0:
            raise TimeoutError("the operation ran out of time")
        if seconds != self._timeout:
            self._timeout = seconds
            self.raw.settimeout(None if seconds == math.inf else seconds)

    def _raise_last_words(self) -> None:
        """Raise what the server said before it closed the connection, if it refused to read."""
        try:
            self.raw.settimeout(_LAST_WORDS)
            words = self.raw.recv(1024)
        except OSError:
            return
        if words.startswith(_PROTOCOL_ERROR):
            raise ResponseError(words[5:].partition(b"\r\n")[0].decode(errors="replace"))


def _shortened(limit: float | None) -> float | None:
    left = max(0.001, operation.left)
    if limit is None:
        return None if left == math.inf else left
    return min(limit, left)

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

from graflow.channels.redis.connections.sockets import TimedSocket, last_refusal
from graflow.system.clock import monotonic

__all__ = ["bounded", "operation"]


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

    def send_command(self, *args: Any, **options: Any) -> None:
        """Send a command, as redis-py does to connect, with text for numbers; see `Part`."""
        numbers = (int, float)
        parts = (str(each) if type(each) in numbers else each for each in args)
        super().send_command(*parts, **options)  # type: ignore[misc]

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
    """

    def __init__(self, sock: Any, limit: float | None) -> None:
        """Wrap a socket.

        Args:
            sock: It is connected, with TLS or without.
            limit: Seconds that one wait may take, or `None` for any.
        """
        self.raw = sock
        self._timed = TimedSocket(sock, math.inf if limit is None else limit)
        self.fileno = sock.fileno
        self.pending = getattr(sock, "pending", int)  # asked before each command; 0 without TLS

    def __getattr__(self, name: str) -> Any:
        """Leave to the socket what does not wait."""
        return getattr(self.raw, name)

    @property
    def limit(self) -> float:
        """Seconds that one wait may take."""
        return self._timed.limit

    def settimeout(self, seconds: float | None) -> None:
        """Set how long one wait may take."""
        self._timed.limit = math.inf if seconds is None else seconds
        self._timed.set_timeout(seconds)

    def recv(self, *args: int) -> bytes:
        """Receive something."""
        return self._timed.receive(*args, deadline=operation.deadline)

    def recv_into(self, buffer: bytearray) -> int:
        """Receive something into a buffer."""
        return self._timed.receive_into(buffer, operation.deadline)

    def sendall(self, data: bytes) -> None:
        """Send all of the data.

        Raises:
            OSError: Not all could be sent, or not in time.
            ResponseError: The server did not want to read it to its end, and said why.
        """
        try:
            self._timed.send_all(data, operation.deadline)
        except TimeoutError:
            raise
        except OSError as error:
            refusal = last_refusal(self._timed)
            if refusal is not None:
                raise refusal from error
            raise


def _shortened(limit: float | None) -> float | None:
    left = max(0.001, operation.left)
    if limit is None:
        return None if left == math.inf else left
    return min(limit, left)

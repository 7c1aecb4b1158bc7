"""Sockets that are connected, each of whose waits ends by a deadline that is passed in."""

from __future__ import annotations

import math
import select
import socket
import ssl
from contextlib import suppress
from typing import Any, Protocol

from redis.exceptions import ResponseError

from graflow.system.clock import monotonic

__all__ = ["PolledSocket", "TimedSocket", "TimelySocket", "last_refusal", "timely"]

_CAN_POLL = hasattr(select, "poll")  # not on Windows
_OUT_OF_TIME = "the operation ran out of time"
_PROTOCOL_ERROR = b"-ERR Protocol error"
_LAST_WORDS = 0.1  # seconds that the last words of a server may take, which are there already


class TimelySocket(Protocol):
    """A socket that waits until a deadline at most, and as long at a time as it may."""

    def send_all(self, data: bytes, deadline: float) -> None:
        """Send all of the data.

        Raises:
            OSError: Not all could be sent, or not in time (`TimeoutError`).
        """

    def receive_into(self, buffer: bytearray | memoryview, deadline: float) -> int:
        """Receive something into a buffer, and return how many bytes; 0 is the end.

        Raises:
            OSError: The connection broke, or nothing came in time (`TimeoutError`).
        """

    def is_quiet(self) -> bool:
        """Tell whether nothing can be read: no data, no end, no error."""


def timely(sock: Any, limit: float) -> TimelySocket:
    """Return the fastest form of a connected socket that keeps deadlines.

    Args:
        sock: Whoever else has it only closes it from now on.
        limit: Seconds that one wait may take.
    """
    if _CAN_POLL and type(sock) is socket.socket:
        return PolledSocket(sock, limit)
    return TimedSocket(sock, limit)


class PolledSocket:
    """A plain socket that never blocks: what is to be waited for is polled for.

    A socket with a timeout of its own would poll before it sends as well, and has to be told each
    new timeout.
    """

    __slots__ = ("_limit", "_poll", "_receive", "_send", "_sock")

    def __init__(self, sock: socket.socket, limit: float) -> None:
        """Take over a socket that is connected."""
        sock.setblocking(False)
        self._sock, self._limit = sock, limit
        self._send, self._receive = sock.send, sock.recv_into
        readable = select.poll()
        readable.register(sock, select.POLLIN)
        self._poll = readable.poll

    def send_all(self, data: bytes, deadline: float) -> None:
        """Send all of the data; see `TimelySocket`."""
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        if sent != len(data):
            self._send_rest(memoryview(data)[sent:], deadline)

    def _send_rest(self, data: memoryview, deadline: float) -> None:
        writable = select.poll()
        writable.register(self._sock, select.POLLOUT)
        while data:
            left = min(deadline - monotonic(), self._limit)
            if left <= 0 or not writable.poll(left * 1_000):
                raise TimeoutError(_OUT_OF_TIME)
            with suppress(BlockingIOError):
                data = data[self._send(data) :]

    def receive_into(self, buffer: bytearray | memoryview, deadline: float) -> int:
        """Receive something; see `TimelySocket`."""
        while True:
            left = deadline - monotonic()
            if left > self._limit:
                left = self._limit
            if left <= 0 or not self._poll(left * 1_000):
                raise TimeoutError(_OUT_OF_TIME)
            try:
                return self._receive(buffer)
            except BlockingIOError:  # it was for nothing, as `poll` may be
                continue

    def is_quiet(self) -> bool:
        """Tell whether nothing can be read; see `TimelySocket`."""
        return not self._poll(0)


class TimedSocket:
    """A socket of any kind, with TLS say, that is told its timeout before each wait.

    Attributes:
        limit: Seconds that one wait may take.
    """

    __slots__ = ("_sock", "_timeout", "limit")

    def __init__(self, sock: Any, limit: float) -> None:
        """Take over a socket that is connected."""
        self._sock, self.limit = sock, limit
        self._timeout: float | None = sock.gettimeout()

    def send_all(self, data: bytes, deadline: float) -> None:
        """Send all of the data; see `TimelySocket`."""
        rest: bytes | memoryview = data
        while rest:
            self._hurry(deadline)
            sent = self._sock.send(rest)
            rest = memoryview(rest)[sent:]

    def receive(self, *args: int, deadline: float) -> bytes:
        """Receive something; `args` are those of a socket's `recv`."""
        self._hurry(deadline)
        received: bytes = self._sock.recv(*args)
        return received

    def receive_into(self, buffer: bytearray | memoryview, deadline: float) -> int:
        """Receive something; see `TimelySocket`."""
        self._hurry(deadline)
        count: int = self._sock.recv_into(buffer)
        return count

    def _hurry(self, deadline: float) -> None:
        """Let the next wait end in time."""
        left = deadline - monotonic()
        if left > self.limit:
            left = self.limit
        elif left <= 0:
            raise TimeoutError(_OUT_OF_TIME)
        self.set_timeout(None if left == math.inf else left)

    def set_timeout(self, seconds: float | None) -> None:
        """Set the timeout of the socket itself."""
        if seconds != self._timeout:
            self._timeout = seconds
            self._sock.settimeout(seconds)

    def is_quiet(self) -> bool:
        """Tell whether nothing can be read; see `TimelySocket`.

        What TLS itself has to say between replies, such as tickets, is read and is not counted.
        """
        self.set_timeout(0.0)
        try:
            self._sock.recv_into(bytearray(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False  # the end, or what nobody has asked for


def last_refusal(sock: TimelySocket) -> ResponseError | None:
    """Return what a server said before it closed the connection, if it refused to read more."""
    buffer = bytearray(1024)
    try:
        count = sock.receive_into(buffer, monotonic() + _LAST_WORDS)
    except OSError:
        return None
    words = bytes(buffer[:count])
    if not words.startswith(_PROTOCOL_ERROR):
        return None
    return ResponseError(words[5:].partition(b"\r\n")[0].decode(errors="replace"))

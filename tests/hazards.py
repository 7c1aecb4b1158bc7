"""A network in trouble that knows where messages begin and end; it never changes their order."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum

from typing_extensions import override

from tests.proxy import Relay
from tests.servers import Server

__all__ = ["Hazard", "MessageProxy", "Trouble", "end_of", "is_push", "is_script"]

_PAUSE = 0.01  # seconds between two pieces of a message
_NEWS = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$5\r\nother\r\n"


class Trouble(Enum):
    """What befalls a message on its way."""

    CUT_BEFORE = "the connection ends before it"
    CUT_WITHIN = "its first half comes, and the connection ends"
    STALL_WITHIN = "its first half comes, and nothing after it, though the connection stays"
    HALVE = "it comes in two pieces, with a pause between them"
    NEWS_BEFORE = "news that nobody asked for come before it, in two pieces"


class Hazard:
    """Trouble that befalls some messages in one direction, over all connections together.

    Attributes:
        trouble: What befalls them.
        befallen: How many it has befallen.
    """

    def __init__(
        self,
        trouble: Trouble,
        gaps: Iterable[int],
        counts: Callable[[bytes], bool] = lambda message: True,
    ) -> None:
        """Befall messages.

        Args:
            trouble: What befalls them.
            gaps: How many messages pass before each of those; when there are no more, all do.
            counts: Tells of a message whether it counts; the others pass.
        """
        self.trouble = trouble
        self.befallen = 0
        self._gaps, self._counts = iter(gaps), counts
        self._left = next(self._gaps, -1)
        self._lock = threading.Lock()

    def befalls(self, message: bytes) -> bool:
        """Tell whether it befalls the next message."""
        with self._lock:
            if self._left < 0 or not self._counts(message):
                return False
            self._left -= 1
            if self._left >= 0:
                return False
            self._left = next(self._gaps, -1)
            self.befallen += 1
            return True


_NONE = Hazard(Trouble.HALVE, ())


class MessageProxy(Relay):
    """A relay between clients and a server of the Redis protocol, with hazards on both ways.

    What is written together is handed on together, up to a message that trouble befalls.

    Attributes:
        url: Where clients connect to.
    """

    def __init__(self, server: Server, commands: Hazard = _NONE, replies: Hazard = _NONE) -> None:
        """Listen on a free port of 127.0.0.1.

        Args:
            server: The server.
            commands: What befalls messages to it.
            replies: What befalls messages from it.
        """
        super().__init__(server)
        self._commands, self._replies = commands, replies
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @override
    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        _relay(client, server, self._commands)

    @override
    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        _relay(server, client, self._replies)


def _relay(source: socket.socket, target: socket.socket, hazard: Hazard) -> None:
    """Hand messages on until a side closes its connection, or trouble ends it for both."""
    with suppress(OSError):
        stays = _hand_on(source, target, hazard)
        while stays and source.recv(1 << 16):
            pass  # it is lost
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def _hand_on(source: socket.socket, target: socket.socket, hazard: Hazard) -> bool:
    """Hand messages on until trouble ends it; tell whether the connection stays all the same."""
    received = b""
    while piece := source.recv(1 << 20):
        received += piece
        begin = sent = 0
        while (end := end_of(received, begin)) is not None:
            message = received[begin:end]
            if hazard.befalls(message):
                target.sendall(received[sent:begin])
                match hazard.trouble:
                    case Trouble.CUT_BEFORE:
                        return False
                    case Trouble.CUT_WITHIN | Trouble.STALL_WITHIN as trouble:
                        target.sendall(message[: len(message) // 2])
                        return trouble is Trouble.STALL_WITHIN
                    case Trouble.HALVE:
                        _send_in_two(target, message)
                        sent = end
                    case Trouble.NEWS_BEFORE:
                        _send_in_two(target, _NEWS)
                        sent = begin
            begin = end
        target.sendall(received[sent:begin])
        received = received[begin:]
    return False


def _send_in_two(target: socket.socket, message: bytes) -> None:
    middle = len(message) // 2
    target.sendall(message[:middle])
    time.sleep(_PAUSE)
    target.sendall(message[middle:])


def is_script(message: bytes) -> bool:
    """Tell whether a message runs a script, as operations do, and not the handshake."""
    return b"\r\nEVAL" in message[:32]


def is_push(message: bytes) -> bool:
    """Tell whether a server says something that nobody asked."""
    return message.startswith(b">")


def end_of(data: bytes, begin: int = 0) -> int | None:
    """Return where the message of the Redis protocol ends that begins there, if all of it is."""
    line = data.find(b"\r\n", begin)
    if line < 0:
        return None
    kind, end = data[begin : begin + 1], line + 2
    if kind in b"$=!":
        length = int(data[begin + 1 : line])
        end += length + 2 if length >= 0 else 0
        return end if end <= len(data) else None
    if kind in b"*~>%":
        parts = int(data[begin + 1 : line]) * (2 if kind == b"%" else 1)
        for _ in range(parts):
            found = end_of(data, end)
            if found is None:
                return None
            end = found
    return end

"""Proxies in front of a server of the tests, which lose replies or hold requests back."""

from __future__ import annotations

import re
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from typing import Self

from typing_extensions import override

from graflow.testing.proxy import Fault, LossyProxy
from graflow.testing.servers import has_written
from tests.servers import Server

__all__ = ["HoldingProxy", "Relay", "SlowProxy", "run_proxy", "url_of"]

_DEADLINE = re.compile(rb"\r\n(\d{10}):\d+:")  # of a change, in seconds on the server's clock


def run_proxy(server: Server, fault: Fault = Fault.CUT) -> LossyProxy:
    """Run a proxy in front of a server for the length of a `with` block.

    It loses the replies to what channels ask: to the reads as well, of which one is no script.
    """

    def is_asked(request: bytes, reply: bytes) -> bool:
        return b"\r\nGET\r\n" in request or has_written(request, reply)

    return LossyProxy(("127.0.0.1", server.port), is_write=is_asked, fault=fault)


def url_of(proxy: LossyProxy | HoldingProxy) -> str:
    """Return where clients connect to."""
    return f"redis://127.0.0.1:{proxy.port}/0"


class SlowProxy(LossyProxy):
    """A proxy that loses nothing, and hands on 40 kB a second in each direction."""

    def __init__(self, server: tuple[str, int]) -> None:
        """Listen on a free port, in front of `server`."""
        super().__init__(server, is_write=lambda request, reply: False)

    def _answer(self, client: socket.socket, server: socket.socket, asked: deque[bytes]) -> None:
        _trickle(server, client)

    def _send(self, client: socket.socket, server: socket.socket, asked: deque[bytes]) -> None:
        with suppress(OSError):
            _trickle(client, server)
            server.shutdown(socket.SHUT_WR)


def _trickle(source: socket.socket, target: socket.socket) -> None:
    while piece := source.recv(2_000):
        target.sendall(piece)
        time.sleep(0.05)


class Relay(ABC):
    """What clients connect to in place of a server.

    It is a context manager, and works in threads of its own.

    Attributes:
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, server: Server) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = ("127.0.0.1", server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Let clients in."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._sockets += (client, server)
                for way, *ends in ((self._ask, client, server), (self._answer, server, client)):
                    threading.Thread(target=way, args=ends, daemon=True).start()

    @abstractmethod
    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        """Hand on what a client says, until it says no more."""

    @abstractmethod
    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        """Hand on what the server says, until it says no more."""


class HoldingProxy(Relay):
    """A network that keeps some copies of changes for itself, and delivers them when it is told.

    To the client its connection ends with the copy that is held.

    Attributes:
        to_hold: How many of the next copies of changes it holds.
        held: The copies that it holds.
    """

    def __init__(self, server: Server) -> None:
        """Hold nothing yet."""
        super().__init__(server)
        self.to_hold = 0
        self.held: list[bytes] = []

    @property
    def deadline(self) -> int:
        """The latest deadline of the copies that it holds."""
        return max(int(token) for each in self.held for token in _DEADLINE.findall(each))

    def deliver(self) -> list[bytes]:
        """Let the server have what was held, and return its replies, which nobody waits for."""
        replies = []
        with socket.create_connection(self._server) as server:
            for request in self.held:
                server.sendall(request)
                replies.append(server.recv(1 << 16))
        self.held.clear()
        return replies

    @override
    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while request := client.recv(1 << 20):
                if self.to_hold and _DEADLINE.search(request):
                    self.to_hold -= 1
                    self.held.append(request)
                    break
                server.sendall(request)
            client.shutdown(socket.SHUT_RDWR)

    @override
    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while reply := server.recv(1 << 20):
                client.sendall(reply)
            client.shutdown(socket.SHUT_RDWR)

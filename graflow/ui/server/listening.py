"""`PageServer`: a server of HTTP that listens, with a thread for each connection."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from threading import Lock
from typing import Any, Final

from typing_extensions import override

from graflow.ui.server.gate import Gate
from graflow.ui.server.handler import PageHandler, Respond

__all__ = ["PageServer"]

_MOST: Final = 100  # connections at a time; a browser opens six


class PageServer(ThreadingHTTPServer):
    """A server of the page; connections end with the process, or if there are too many others.

    Attributes:
        gate: What decides who may ask.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, token: str, respond: Respond) -> None:
        """Listen at an address.

        Raises:
            OSError: The address is taken, or none of this machine's.
        """
        if _is_ipv6(host):
            self.address_family = socket.AF_INET6
        self._lock = Lock()
        self._connections: dict[socket.socket, None] = {}  # the oldest first
        super().__init__((host, port), PageHandler)
        self.gate = Gate(token, host, self.server_port)
        self.RequestHandlerClass = partial(PageHandler, self.gate, respond)

    @override
    def server_bind(self) -> None:
        """Bind, without asking for this machine's full name, which can take long."""
        if os.name == "posix":  # elsewhere it would let another program listen here, too
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @override
    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection, and end the oldest if there are too many: browsers open another."""
        connection, address = super().get_request()
        with self._lock:
            self._connections[connection] = None
            surplus = list(self._connections)[:-_MOST]
        _end(surplus)
        return connection, address

    @override
    def shutdown_request(self, request: Any) -> None:
        """End a connection, and forget it."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    @override
    def server_close(self) -> None:
        """End it, also for readers whose connections are kept open."""
        super().server_close()
        with self._lock:
            remaining = list(self._connections)
        _end(remaining)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a reader who is gone; of anything else, what the base class says."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _end(connections: Iterable[socket.socket]) -> None:
    """Let what waits for a connection know that it is over."""
    for connection in connections:
        with suppress(OSError):  # it is closed already
            connection.shutdown(socket.SHUT_RDWR)


def _is_ipv6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False

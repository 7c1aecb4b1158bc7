"""A proxy in front of a server of the tests, which loses replies to scripts that ran."""

from __future__ import annotations

import socket
import time
from collections import deque
from contextlib import suppress

from graflow.testing.proxy import Fault, LossyProxy
from graflow.testing.servers import has_written
from tests.servers import Server

__all__ = ["SlowProxy", "run_proxy", "url_of"]


def run_proxy(server: Server, fault: Fault = Fault.CUT) -> LossyProxy:
    """Run a proxy in front of a server for the length of a `with` block."""
    return LossyProxy(("127.0.0.1", server.port), is_write=has_written, fault=fault)


def url_of(proxy: LossyProxy) -> str:
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

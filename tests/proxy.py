"""A TCP proxy that loses replies on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from tests.servers import Server

__all__ = ["Fault", "Proxy", "run_proxy"]

_CHUNK = 1 << 20


class Fault(Enum):
    """What happens to a reply that is lost."""

    CUT = "the connection ends before the reply"
    HALVE = "the connection ends in the middle of the reply"
    STALL = "the reply does not come, and the connection stays"


class Proxy:
    """Hands on what clients and a server say to each other, but for some replies.

    Only replies to scripts that ran are lost: those are the ones that had an effect.

    Attributes:
        url: Where clients connect to.
        spared: How many replies will pass before the first is lost.
        faults: How many replies will be lost from then on.
        every: Lose each reply of this number as well, as in every fifth; 0 for none.
        lost: How many replies have been lost so far.
    """

    def __init__(self, port: int, fault: Fault) -> None:
        """Listen on a free port of 127.0.0.1.

        Args:
            port: Where the server listens.
            fault: What happens to a reply that is lost.
        """
        self._port = port
        self._fault = fault
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.spared = 0
        self.faults = 0
        self.every = 0
        self.lost = 0
        self._replies = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections, and end those that there are."""
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _is_lost(self) -> bool:
        self._replies += 1
        if self.every and self._replies % self.every == 0:
            return True
        if not self.faults:
            return False
        if self.spared:
            self.spared -= 1
            return False
        self.faults -= 1
        return True

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, socket.create_connection(("127.0.0.1", self._port)) as server:
                while request := client.recv(_CHUNK):
                    server.sendall(request)
                    reply = server.recv(_CHUNK)
                    if b"EVAL" not in request or b"NOSCRIPT" in reply or not self._is_lost():
                        client.sendall(reply)
                        continue
                    self.lost += 1
                    if self._fault is Fault.HALVE:
                        client.sendall(reply[: len(reply) // 2])
                    if self._fault is not Fault.STALL:
                        return
        except OSError:
            return  # either side has gone


@contextmanager
def run_proxy(server: Server, fault: Fault = Fault.CUT) -> Iterator[Proxy]:
    """Run a proxy in front of a server for the length of a `with` block."""
    proxy = Proxy(server.port, fault)
    try:
        yield proxy
    finally:
        proxy.close()

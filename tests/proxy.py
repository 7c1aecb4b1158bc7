"""A TCP proxy that loses replies on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        port: Where it listens on 127.0.0.1.
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
        self._server = ("127.0.0.1", port)
        self._fault = fault
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
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
        with suppress(OSError), client, socket.create_connection(self._server) as server:
            is_script = threading.Event()  # what the server answers next
            sender = threading.Thread(target=self._send, args=(client, server, is_script))
            sender.start()
            with suppress(OSError):
                self._answer(client, server, is_script)
            for side in (client, server):
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            sender.join()

    def _send(
        self, client: socket.socket, server: socket.socket, is_script: threading.Event
    ) -> None:
        with suppress(OSError):
            while request := client.recv(_CHUNK):
                if b"EVAL" in request:
                    is_script.set()
                server.sendall(request)
            server.shutdown(socket.SHUT_WR)

    def _answer(
        self, client: socket.socket, server: socket.socket, is_script: threading.Event
    ) -> None:
        while reply := server.recv(_CHUNK):
            has_run = is_script.is_set() and b"NOSCRIPT" not in reply
            is_script.clear()
            if not has_run or not self._is_lost():
                client.sendall(reply)
                continue
            self.lost += 1
            if self._fault is Fault.HALVE:
                client.sendall(reply[: len(reply) // 2])
            if self._fault is not Fault.STALL:
                return


@contextmanager
def run_proxy(server: Server, fault: Fault = Fault.CUT) -> Iterator[Proxy]:
    """Run a proxy in front of a server for the length of a `with` block."""
    proxy = Proxy(server.port, fault)
    try:
        yield proxy
    finally:
        proxy.close()

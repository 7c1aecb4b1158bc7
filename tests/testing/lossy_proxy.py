"""A TCP proxy that loses the reply to a write when it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LossyProxy", "lossy_proxy"]

_CHUNK = 1 << 20


class LossyProxy:
    """Passes requests on, and cuts the connection instead of handing back one reply.

    Attributes:
        port: Where it listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        """Listen, and pass on to a server.

        Args:
            port: The server's port on 127.0.0.1.
        """
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_reply(self) -> None:
        """Lose the reply to the next script that the server runs."""
        self._cut.set()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, socket.create_connection(("127.0.0.1", self._server)) as server:
                while request := client.recv(_CHUNK):
                    server.sendall(request)
                    reply = server.recv(_CHUNK)
                    if self._loses(request, reply):
                        self._cut.clear()
                        return
                    client.sendall(reply)
        except OSError:
            return  # a side hung up

    def _loses(self, request: bytes, reply: bytes) -> bool:
        return self._cut.is_set() and b"EVAL" in request and b"NOSCRIPT" not in reply


@contextmanager
def lossy_proxy(port: int) -> Iterator[LossyProxy]:
    """Run a proxy in front of a server."""
    proxy = LossyProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()

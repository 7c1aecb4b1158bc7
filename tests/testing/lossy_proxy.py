"""A TCP proxy that loses the reply to a write when it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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

    @property
    def is_armed(self) -> bool:
        """Whether a reply is to be lost."""
        return self._cut.is_set()

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
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            armed = threading.Event()  # once a script has been sent whose reply is to be lost
            sending = threading.Thread(target=self._send, args=(client, server, armed), daemon=True)
            sending.start()
            with suppress(OSError):
                while reply := server.recv(_CHUNK):
                    if armed.is_set() and b"NOSCRIPT" not in reply:
                        self._cut.clear()
                        break
                    client.sendall(reply)
            for side in (client, server):
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            sending.join()

    def _send(self, client: socket.socket, server: socket.socket, armed: threading.Event) -> None:
        with suppress(OSError):
            while request := client.recv(_CHUNK):
                if self._cut.is_set() and b"EVAL" in request:
                    armed.set()
                server.sendall(request)
            server.shutdown(socket.SHUT_WR)


@contextmanager
def lossy_proxy(port: int) -> Iterator[LossyProxy]:
    """Run a proxy in front of a server."""
    proxy = LossyProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()

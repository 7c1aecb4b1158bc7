"""A TCP proxy that loses replies on demand, for backends reached over a connection."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self

__all__ = ["Fault", "LossyProxy"]

_CHUNK = 1 << 20
_HEAD = 1 << 16  # bytes of each part of a request that `is_write` is shown


class Fault(Enum):
    """The way in which a reply is lost."""

    CUT = "the connection ends before the reply"
    HALVE = "the connection ends in the middle of the reply"
    STALL = "the reply does not come, and the connection stays"


class LossyProxy:
    """A relay between clients and a server that drops some replies.

    Only replies to writes are lost, since retrying a read does no harm. It is a context manager,
    and works in its own threads.

    Attributes:
        port: The port on 127.0.0.1 where it listens.
        spared: How many replies to writes will pass before the first is lost.
        faults: How many will be lost from then on.
        every: If this is n > 0, every nth reply to a write is lost as well.
        lost: How many have been lost so far.
    """

    def __init__(
        self,
        server: tuple[str, int] | str,
        *,
        is_write: Callable[[bytes, bytes], bool],
        fault: Fault = Fault.CUT,
    ) -> None:
        """Listen on a free port of 127.0.0.1.

        Args:
            server: Where the server listens: host and port, or the path of a Unix socket.
            is_write: Tells from a request and its reply whether it was a write that took effect.
                It is shown the beginning of a long request, and the first piece of a reply.
            fault: The way in which replies are lost.
        """
        self._server = server
        self._is_write = is_write
        self._fault = fault
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.port: int = self._listener.getsockname()[1]
        self.spared = 0
        self.faults = 0
        self.every = 0
        self.lost = 0
        self._replies = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Accept no more connections, and close the open ones."""
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
            each.close()

    def cut_reply(self) -> None:
        """Lose the next reply to a write, as `Harness.cut_reply` must."""
        self.faults = 1

    @property
    def is_due(self) -> bool:
        """Whether a reply is still to be lost."""
        return self.faults > 0

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not isinstance(self._server, str):
            return socket.create_connection(self._server)
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._server)
        except OSError:
            server.close()
            raise
        return server

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, self._connect() as server:
            asked: deque[bytes] = deque()  # what the server answers next
            sender = threading.Thread(target=self._send, args=(client, server, asked))
            sender.start()
            with suppress(OSError):
                self._answer(client, server, asked)
            for side in (client, server):
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            sender.join()

    def _send(self, client: socket.socket, server: socket.socket, asked: deque[bytes]) -> None:
        with suppress(OSError):
            while request := client.recv(_CHUNK):
                asked.append(request[:_HEAD])
                server.sendall(request)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket, asked: deque[bytes]) -> None:
        is_lost = False
        while reply := server.recv(_CHUNK):
            request = b"".join(asked.popleft() for _ in range(len(asked)))
            if request:  # otherwise it is one more piece of the same reply
                is_lost = self._is_write(request, reply) and self._is_lost()
            if not is_lost:
                client.sendall(reply)
                continue
            if self._fault is Fault.HALVE:
                client.sendall(reply[: len(reply) // 2])
            if self._fault is not Fault.STALL:
                return

    def _is_lost(self) -> bool:
        with self._lock:
            self._replies += 1
            is_lost = self.every > 0 and self._replies % self.every == 0
            if not is_lost and self.faults:
                if self.spared:
                    self.spared -= 1
                else:
                    self.faults -= 1
                    is_lost = True
            self.lost += is_lost
            return is_lost

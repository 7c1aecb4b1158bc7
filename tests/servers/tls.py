"""TLS in front of a server: the servers in the wheels were built without it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.server import Server

__all__ = ["Certificates", "run_tls"]


class Certificates:
    """An authority of the tests' own, with a certificate for 127.0.0.1 and one for a client.

    Attributes:
        authority: The path of the authority's certificate, for clients to trust.
        client: The path of a client's certificate and key.
    """

    def __init__(self, directory: Path) -> None:
        """Make them, and write those that clients need to `directory`."""
        import trustme  # noqa: PLC0415 - where no server can run, there is none

        self._authority = trustme.CA()
        self._server = self._authority.issue_cert("127.0.0.1", "localhost")
        self.authority = directory / "authority.pem"
        self.client = directory / "client.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))
        client = self._authority.issue_cert("client@localhost")
        client.private_key_and_cert_chain_pem.write_to_path(str(self.client))

    def server_context(self) -> ssl.SSLContext:
        """Return the server's side: it asks for a client's certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._server.configure_cert(context)
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        return context


class _Terminator:
    """Takes TLS connections, and passes on what they carry to a server."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with (
            suppress(OSError),
            plain,
            self._context.wrap_socket(plain, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self._port)) as server,
        ):
            self._sockets += [client, server]
            back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            back.start()
            _pass_on(client, server)
            back.join()

    def close(self) -> None:
        self._listener.close()
        for one in self._sockets:
            _shut(one)


@contextmanager
def run_tls(server: Server, certificates: Certificates) -> Iterator[int]:
    """Let `server` be reached over TLS as well, at the port that this yields."""
    terminator = _Terminator(server.port, certificates.server_context())
    try:
        yield terminator.port
    finally:
        terminator.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    _shut(target)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)

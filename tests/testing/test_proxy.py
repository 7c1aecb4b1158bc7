"""The proxy that loses replies, in front of a server of another protocol than Redis's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graflow.testing import Fault, LossyProxy
from graflow.testing.servers import _address, _by_way_of


class Sums:
    """A server that keeps a number: it answers `add` and `get`, each a line."""

    def __init__(self, listener: socket.socket) -> None:
        """Begin with nothing."""
        self._listener = listener
        self.total = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client, client.makefile("rwb", buffering=0) as lines:
            for line in lines:
                self.total += line.strip() == b"add"
                lines.write(b"the total is %d\n" % self.total)


@pytest.fixture(params=["tcp", "unix"])
def sums(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Sums, LossyProxy]]:
    """A server, and a proxy in front of it that loses replies to `add`."""
    if request.param == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
    fault = getattr(request.function, "fault", Fault.CUT)
    address = listener.getsockname()
    with (
        listener,
        LossyProxy(address, is_write=lambda asked, _: asked == b"add\n", fault=fault) as proxy,
    ):
        yield Sums(listener), proxy


@contextmanager
def connected(proxy: LossyProxy) -> Iterator[socket.socket]:
    """A connection to the proxy."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
        yield connection


def ask(connection: socket.socket, line: bytes) -> bytes:
    """Send a line, and return what comes back before the next line or the end."""
    connection.sendall(line + b"\n")
    reply = b""
    while not reply.endswith(b"\n") and (piece := connection.recv(100)):
        reply += piece
    return reply


def test_the_next_reply_to_a_write_gets_lost(sums: tuple[Sums, LossyProxy]) -> None:
    """The write takes effect, the connection ends, and all else passes."""
    server, proxy = sums
    with connected(proxy) as one, connected(proxy) as other:
        assert ask(one, b"add") == b"the total is 1\n"
        proxy.cut_reply()
        assert proxy.is_due
        assert ask(one, b"get") == b"the total is 1\n"
        assert proxy.is_due
        assert ask(one, b"add") == b""
        assert (server.total, proxy.lost, proxy.is_due) == (2, 1, False)
        assert ask(other, b"add") == b"the total is 3\n"
    with connected(proxy) as again:
        assert ask(again, b"get") == b"the total is 3\n"


def test_some_replies_are_spared(sums: tuple[Sums, LossyProxy]) -> None:
    """Two pass, then two are lost; later every third one is."""
    _, proxy = sums
    proxy.spared, proxy.faults = 2, 2
    assert [bool(_once(proxy)) for _ in range(6)] == [True, True, False, False, True, True]
    proxy.every = 3
    assert [bool(_once(proxy)) for _ in range(6)] == [True, True, False] * 2
    assert proxy.lost == 4


def _once(proxy: LossyProxy) -> bytes:
    with connected(proxy) as connection:
        return ask(connection, b"add")


def test_half_a_reply(sums: tuple[Sums, LossyProxy]) -> None:
    """Its first half comes, then the connection ends."""
    _, proxy = sums
    proxy.cut_reply()
    assert _once(proxy) == b"the tot"


test_half_a_reply.fault = Fault.HALVE  # type: ignore[attr-defined]


def test_a_reply_that_does_not_come(sums: tuple[Sums, LossyProxy]) -> None:
    """The connection stays; the next question has its answer."""
    _, proxy = sums
    proxy.cut_reply()
    with connected(proxy) as connection:
        connection.sendall(b"add\n")
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        connection.settimeout(10)
        assert ask(connection, b"get") == b"the total is 1\n"


test_a_reply_that_does_not_come.fault = Fault.STALL  # type: ignore[attr-defined]


def test_no_piece_of_a_reply_comes_when_it_stalls() -> None:
    """However many pieces it comes in."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        LossyProxy(
            listener.getsockname(), is_write=lambda asked, _: b"add" in asked, fault=Fault.STALL
        ) as proxy,
        connected(proxy) as client,
        listener.accept()[0] as server,
    ):
        proxy.cut_reply()
        client.sendall(b"add")
        assert server.recv(100) == b"add"
        for piece in (b"first ", b"second ", b"third"):
            server.sendall(piece)
            time.sleep(0.05)  # so that each arrives by itself
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(100)
        client.sendall(b"get")
        assert server.recv(100) == b"get"
        server.sendall(b"answer")
        client.settimeout(10)
        assert client.recv(100) == b"answer"


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Clients see a connection that ends; so they do when the proxy has closed."""
    for address in (("127.0.0.1", 1), str(tmp_path / "nothing")):
        with LossyProxy(address, is_write=lambda *_: True) as proxy, connected(proxy) as client:
            assert client.recv(1) == b""
        with pytest.raises(ConnectionRefusedError), connected(proxy):
            pass


@pytest.mark.parametrize(
    ("url", "address", "by_way"),
    [
        ("redis://", ("localhost", 6379), "redis://127.0.0.1:7"),
        ("redis://u:p%40@db:1/3?a=1", ("db", 1), "redis://u:p%40@127.0.0.1:7/3?a=1"),
        ("redis://[::1]:1/3", ("::1", 1), "redis://127.0.0.1:7/3"),
        ("unix:///tmp/a%20b?db=3", "/tmp/a b", "redis://127.0.0.1:7?db=3"),
        ("unix://u:p@/tmp/s", "/tmp/s", "redis://u:p@127.0.0.1:7"),
    ],
)
def test_the_way_round_is_the_same_database(
    url: str, address: tuple[str, int] | str, by_way: str
) -> None:
    """User, password, database and options stay."""
    assert _address(url) == address
    assert _by_way_of(7, url) == by_way


def test_what_is_encrypted_goes_no_other_way() -> None:
    """Nobody in between can tell a write."""
    assert _address("rediss://db:1/3") is None

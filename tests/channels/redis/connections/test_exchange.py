"""Exchanges on the sockets of redis-py's connections: pieces, pushes, long texts, and the ways."""

from __future__ import annotations

import socket
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from redis.connection import HiredisRespSerializer

from graflow.channels.redis.connections import exchange
from graflow.channels.redis.wire import pack
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelValueError
from graflow.testing.proxy import Fault, LossyProxy
from tests.channels.redis.every_operation import use_every_operation
from tests.proxy import run_proxy, url_of
from tests.servers import Certificates, Server, run_tls

PUSH = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n"
LONG = 10_000_000


@pytest.fixture
def server(servers: Callable[[str], Server]) -> Server:
    """A server, of the kind that is asked by default."""
    return servers("valkey-9")


class CuttingProxy(LossyProxy):
    """A proxy that loses nothing, and hands replies on in pieces."""

    def __init__(self, server: Server, cut: Callable[[bytes], Iterable[bytes]]) -> None:
        """Listen on a free port; `cut` takes what has come of a reply, and gives the pieces."""
        super().__init__(("127.0.0.1", server.port), is_write=lambda request, reply: False)
        self._cut = cut
        self.is_on = False

    def _answer(self, client: socket.socket, server: socket.socket, asked: deque[bytes]) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while reply := server.recv(1 << 20):
            for piece in self._cut(reply) if self.is_on else (reply,):
                client.sendall(piece)


def byte_by_byte(reply: bytes) -> Iterable[bytes]:
    """Cut everywhere."""
    return (reply[at : at + 1] for at in range(len(reply)))


def in_two(reply: bytes) -> Iterable[bytes]:
    """Cut in the middle."""
    return reply[: len(reply) // 2], reply[len(reply) // 2 :]


def after_a_push(reply: bytes) -> Iterable[bytes]:
    """Say something that nobody asked before."""
    return (PUSH + reply,)


def after_half_a_push(reply: bytes) -> Iterable[bytes]:
    """Say it in pieces, of which the last one has the reply as well."""
    return PUSH[:7], PUSH[7:] + PUSH + reply


CUTS = [byte_by_byte, in_two, after_a_push, after_half_a_push]


@pytest.mark.parametrize("cut", CUTS)
def test_a_reply_may_come_in_any_pieces(
    server: Server, cut: Callable[[bytes], Iterable[bytes]]
) -> None:
    """And after whatever the server says unasked; the connection stays the same."""
    with CuttingProxy(server, cut) as proxy, RedisChannel("cut", url=url_of(proxy)) as channel:
        channel.clear()
        channel.set("key", 1)
        proxy.is_on = True
        for number in range(20):
            channel.set("key", number)
            assert channel.get("key") == number
            assert channel.get("none") is None
            assert channel.append("list", number) == number + 1
        assert channel.get("list") == list(range(20))
        assert channel.get_many(["key", "none"]) == {"key": 19}
        assert len(proxy._sockets) == 1


@pytest.mark.parametrize("size", [16_370, 16_384, 16_400, 40_000, 1_000_000])
@pytest.mark.parametrize("cut", [in_two, after_a_push])
def test_a_long_text_may_come_in_any_pieces(
    server: Server, cut: Callable[[bytes], Iterable[bytes]], size: int
) -> None:
    """Whether it has a place of its own or not."""
    with CuttingProxy(server, cut) as proxy, RedisChannel("cut", url=url_of(proxy)) as channel:
        channel.set("key", "x" * size)
        # Of a long reply the proxy gets several pieces, between which nothing may stand.
        proxy.is_on = cut is in_two or size < 20_000
        assert channel.get("key") == "x" * size
        assert channel.get("key", "y") == "x" * size
        assert len(proxy._sockets) == 1
        channel.clear()


def test_what_comes_unasked_before_a_command_is_no_reply_to_it(server: Server) -> None:
    """The connection is left for another one, as nobody knows what else will come."""
    late = [b""]

    def and_more(reply: bytes) -> Iterable[bytes]:
        return (reply + late[0],)

    with CuttingProxy(server, and_more) as proxy, RedisChannel("cut", url=url_of(proxy)) as channel:
        channel.set("key", 1)
        proxy.is_on = True
        late[0] = PUSH[:9]
        assert channel.get("key") == 1
        late[0] = b""
        assert channel.get("key") == 1
        assert len(proxy._sockets) == 2
        channel.clear()


def test_a_reply_that_nobody_asked_for_is_no_reply_to_the_next_command(server: Server) -> None:
    """Though it came together with the one before, and nothing is to be read on the socket."""
    extra = [b""]

    def and_another(reply: bytes) -> Iterable[bytes]:
        return (reply + extra[0],)

    with (
        CuttingProxy(server, and_another) as proxy,
        RedisChannel("cut", url=url_of(proxy)) as channel,
    ):
        channel.set("key", 1)
        proxy.is_on = True
        extra[0] = b"$1\r\n9\r\n"
        assert channel.get("key") == 1
        extra[0] = b""
        assert channel.get("key") == 1
        assert len(proxy._sockets) == 2
        channel.clear()


def peak_of(call: Callable[[], object]) -> int:
    """Return how many bytes a call holds at most at one time."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_text_is_copied_twice_at_most_when_read_and_never_when_written(
    server: Server,
) -> None:
    """It is received into its place, and made immutable; it is sent from where it is."""
    with RedisChannel("long", url=server.url) as channel:
        backend, text = channel.backend, b'"' + b"x" * LONG + b'"'
        backend.put("warm", b"1", None)
        assert peak_of(lambda: backend.put("key", text, None)) < LONG / 10
        assert peak_of(lambda: backend.get("key")) < 2.1 * LONG
        assert backend.get("key") == text
        channel.clear()


def test_a_text_that_is_too_long_is_refused_by_name(server: Server) -> None:
    """The server says why, and hangs up before it has read all; the channel goes on."""
    with RedisChannel("long", url=server.url) as channel:
        client: Any = __import__("redis").Redis(port=server.port)
        client.config_set("proto-max-bulk-len", 1 << 20)
        try:
            with pytest.raises(ChannelValueError, match="proto-max-bulk-len"):
                channel.set("key", "x" * LONG)
        finally:
            client.config_set("proto-max-bulk-len", 512 << 20)
            client.close()
        channel.set("key", 1)
        assert channel.get("key") == 1
        channel.clear()


def test_no_part_of_a_command_is_a_number(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing one, hiredis looks for signals, and crashes if a handler raises."""
    commands = []

    def note(command: tuple[object, ...]) -> bytes:
        commands.append(command)
        packed: bytes = pack(command)
        return packed

    monkeypatch.setattr(exchange, "pack", note)
    with RedisChannel("parts", url=server.url) as channel:
        channel.clear()
        use_every_operation(channel)
        channel.clear()
    assert len(commands) > 20
    assert {type(part) for command in commands for part in command} == {str, bytes}


# Ways to use a connection


def used_by(channel: RedisChannel) -> str:
    """Return how the channel exchanges commands for replies."""
    channel.exists("key")
    backend: Any = channel.backend
    sender = backend._primitives.transport._route.link
    taken = sender.take(float("inf"))
    sender.put_back(taken)
    return f"{type(taken).__name__} on {type(getattr(taken, '_sock', None)).__name__}"


def check_all(channel: RedisChannel, way: str) -> None:
    """Use every operation in the way of a name."""
    channel.clear()
    assert used_by(channel) == way
    use_every_operation(channel)
    assert used_by(channel) == way


def test_plain(server: Server) -> None:
    """Over TCP, where nothing blocks."""
    check_all(RedisChannel("c", url=server.url), "OnSocket on PolledSocket")


def test_where_nothing_can_be_polled(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr("graflow.channels.redis.connections.sockets._CAN_POLL", False)
    url = f"{server.url}?socket_timeout=1.25"  # connections of its own
    check_all(RedisChannel("c", url=url), "OnSocket on TimedSocket")


def test_over_tls(server: Server, tmp_path: Path) -> None:
    """With the socket that TLS wraps."""
    certificates = Certificates(tmp_path)
    with run_tls(server, certificates) as port:
        channel = RedisChannel(
            "c",
            url=f"rediss://127.0.0.1:{port}",
            ssl_ca_certs=str(certificates.authority),
            ssl_certfile=str(certificates.client),
        )
        check_all(channel, "OnSocket on TimedSocket")
        channel.close()


def test_with_health_checks(server: Server) -> None:
    """Which redis-py makes, so redis-py sends and reads."""
    url = f"{server.url}?health_check_interval=30"
    check_all(RedisChannel("c", url=url), "ByRedisPy on NoneType")


def test_without_hiredis(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py has a parser of its own."""
    monkeypatch.setattr(exchange, "pack", None)
    url = f"{server.url}?socket_timeout=1.5"
    check_all(RedisChannel("c", url=url), "ByRedisPy on NoneType")


WAYS = {"fast": {}, "by redis-py": {"health_check_interval": 30}}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", Fault)
def test_a_change_happens_once_in_each_way(server: Server, fault: Fault, way: str) -> None:
    """However the reply was lost."""
    options: dict[str, Any] = WAYS[way]
    with (
        RedisChannel("once", url=server.url) as direct,
        run_proxy(server, fault) as proxy,
        RedisChannel("once", url=url_of(proxy), socket_timeout=0.05, **options) as channel,
    ):
        direct.clear()
        for number in range(3):
            proxy.faults = 2
            assert channel.append("list", number) == number + 1
            proxy.faults = 2
            assert channel.get("list") == list(range(number + 1))
        assert proxy.lost == 12
        assert direct.get("list") == [0, 1, 2]
        direct.clear()


def test_no_number_is_left_to_hiredis(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for signals when it writes one, and crashes if a handler raises."""
    parts = list[object]()
    pack = HiredisRespSerializer.pack

    def noting(packer: Any, *args: Any) -> Any:
        parts.extend(args)
        return pack(packer, *args)

    monkeypatch.setattr(HiredisRespSerializer, "pack", noting)
    url = f"redis://127.0.0.1:{server.port}/3?protocol=3"
    with RedisChannel("packed", url=url) as channel:
        channel.set("key", 1)
        assert channel.get("key") == 1
    assert "SELECT" in parts
    assert {*map(type, parts)} <= {str, bytes}

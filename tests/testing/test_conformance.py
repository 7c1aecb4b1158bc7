"""Our own backends keep the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, cast
from urllib.parse import quote

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.testing import Capabilities, ChannelConformance, Harness
from tests.backends import MemoryBackend, ServerBackend
from tests.servers import Server, run_server
from tests.testing.lossy_proxy import LossyProxy, lossy_proxy

_DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


class TestMemory(ChannelConformance):
    """Channels in memory, on a clock that is moved by hand."""

    capabilities = Capabilities()

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Harness:
        """Memory with a clock."""
        backend = MemoryBackend()
        return Harness(
            open=backend.open,
            advance=backend.advance,
            read=lambda name, key: backend.open(name)._read(key),
        )


class RedisServer(ChannelConformance):
    """Channels on a server of the Redis protocol that writes everything to its disk at once."""

    capabilities = Capabilities(shared=True, durable=True)
    examples = 25
    kind: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """A server, and a proxy for what loses replies; handles have URLs."""
        with run_server(cls.kind, *_DURABLE) as server, lossy_proxy(server.port) as proxy:
            yield server_harness(
                server,
                proxy,
                lambda port, name: RedisChannel(name, url=f"redis://127.0.0.1:{port}"),
            )


class DecodingClient(RedisServer):
    """The same, with clients that decode what they read."""

    examples = 10

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """A server and a proxy, each with a client."""
        with run_server(cls.kind, *_DURABLE) as server, lossy_proxy(server.port) as proxy:
            clients = {
                port: redis.Redis(port=port, decode_responses=True)
                for port in (server.port, proxy.port)
            }
            yield server_harness(
                server, proxy, lambda port, name: RedisChannel(name, clients[port])
            )
            for client in clients.values():
                client.close()


def server_harness(
    server: Server, proxy: LossyProxy, open_at: Callable[[int, str], RedisChannel]
) -> Harness:
    """Reach channels on a server, or through its proxy while that is to lose a reply."""
    backend = ServerBackend(server)

    def read(name: str, key: str) -> bytes | list[bytes] | None:
        where = f"graflow:{{{quote(name, safe='')}}}:k:{key}"
        with redis.Redis(port=server.port) as client:
            if client.type(where) == b"list":
                return cast("list[bytes]", client.lrange(where, 0, -1))
            return cast("bytes | None", client.get(where))

    def restart() -> None:
        server.stop()
        server.start()

    return Harness(
        open=lambda name: open_at(proxy.port if proxy.is_armed else server.port, name),
        advance=backend.advance,
        restart=restart,
        cut_reply=proxy.cut_reply,
        read=read,
    )


class TestRedis62(RedisServer):
    """The oldest Redis."""

    kind = "redis-6.2"


class TestRedis8(RedisServer):
    """The newest Redis."""

    kind = "redis-8"


class TestValkey9(RedisServer):
    """The newest Valkey."""

    kind = "valkey-9"


class TestRedis62Decoding(DecodingClient):
    """The oldest Redis, with clients that decode."""

    kind = "redis-6.2"


class TestRedis8Decoding(DecodingClient):
    """The newest Redis, with clients that decode."""

    kind = "redis-8"


class TestValkey9Decoding(DecodingClient):
    """The newest Valkey, with clients that decode."""

    kind = "valkey-9"

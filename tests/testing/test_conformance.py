"""Our own backends keep the contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar, cast
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
    def harness(self) -> Harness:
        """Memory with a clock."""
        backend = MemoryBackend()
        return Harness(
            open=backend.open,
            advance=backend.advance,
            read=lambda name, key: backend.open(name)._read(key),
        )


class RedisServer(ChannelConformance):
    """Channels on a server of the Redis protocol."""

    capabilities = Capabilities(shared=True, durable=True)
    examples = 40
    kind: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(scope="class")
    def harness(self) -> Iterator[Harness]:
        """A server that writes everything to its disk at once, behind a proxy."""
        with run_server(self.kind, *_DURABLE) as server, lossy_proxy(server.port) as proxy:
            with server_harness(server, proxy, self.options) as harness:
                yield harness


@contextmanager
def server_harness(
    server: Server, proxy: LossyProxy, options: dict[str, Any]
) -> Iterator[Harness]:
    """Reach channels on a server through a proxy, with clients of these options."""
    url = f"redis://127.0.0.1:{proxy.port}/0"
    with ExitStack() as stack:
        backend = stack.enter_context(ServerBackend(server))
        reader = stack.enter_context(redis.Redis.from_url(server.url))
        client = stack.enter_context(redis.Redis.from_url(url, **options)) if options else None

        def read(name: str, key: str) -> bytes | list[bytes] | None:
            where = f"graflow:{{{redis_quote(name)}}}:k:{key}"
            if reader.type(where) == b"list":
                return cast("list[bytes]", reader.lrange(where, 0, -1))
            return cast("bytes | None", reader.get(where))

        def restart() -> None:
            server.stop()
            server.start()

        yield Harness(
            open=lambda name: (
                RedisChannel(name, url=url) if client is None else RedisChannel(name, client)
            ),
            advance=backend.advance,
            restart=restart,
            cut_reply=proxy.cut_reply,
            read=read,
        )


def redis_quote(name: str) -> str:
    """Return a name as it stands in the keys of a server."""


    return quote(name, safe="")


class TestRedis62(RedisServer):
    """The oldest Redis."""

    kind = "redis-6.2"


class TestRedis8(RedisServer):
    """The newest Redis."""

    kind = "redis-8"


class TestValkey9(RedisServer):
    """The newest Valkey."""

    kind = "valkey-9"


class TestRedis62Decoded(TestRedis62):
    """With a client that decodes what it reads."""

    options: ClassVar[dict[str, Any]] = {"decode_responses": True}


class TestRedis8Decoded(TestRedis8):
    """With a client that decodes what it reads."""

    options: ClassVar[dict[str, Any]] = {"decode_responses": True}


class TestValkey9Decoded(TestValkey9):
    """With a client that decodes what it reads."""

    options: ClassVar[dict[str, Any]] = {"decode_responses": True}

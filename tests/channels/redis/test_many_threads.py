"""More threads than redis-py has connections for by default, which is 100 since its version 8."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelUnavailableError
from tests.servers import Server, run_server
from tests.servers.server import wait_until

THREADS = 150


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of its own, which may be frozen."""
    with run_server("valkey-9") as server:
        yield server


def sender_of(channel: RedisChannel) -> Any:
    """Return what has a channel's connections."""
    backend: Any = channel.backend
    return backend._primitives.transport._route.link


def test_each_may_have_a_connection(server: Server) -> None:
    """Nobody has to wait for that of another thread."""
    with RedisChannel("test", url=server.url) as channel:
        channel.set("key", 1)
        sender = sender_of(channel)
        taken = [sender.take(math.inf) for _ in range(THREADS)]
        try:
            assert channel.get("key") == 1
        finally:
            for exchange in taken:
                sender.put_back(exchange)


def test_who_allows_fewer_is_told_so(server: Server) -> None:
    """The server is not to blame."""
    url = f"{server.url}?max_connections=1"
    with RedisChannel("test", url=url, timeout=1) as channel, ThreadPoolExecutor(1) as threads:
        channel.set("key", 1)
        sender = sender_of(channel)
        taken = sender.take(math.inf)
        with pytest.raises(ChannelUnavailableError, match="that max_connections allows"):
            channel.get("key")
        waiting = threads.submit(channel.get, "key")
        wait_until("it waits", waiting.running)
        sender.put_back(taken)
        assert waiting.result() == 1

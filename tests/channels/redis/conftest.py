"""Servers for the tests of channels on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from tests.servers import USUAL, Server


@pytest.fixture
def emptied(servers: Callable[[str], Server]) -> Server:
    """A server without keys, of the kind that is asked by default."""
    server = servers(USUAL)
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server

"""Connections to the primary that Sentinels name: none is used that leads to the one before."""

from __future__ import annotations

import math
from typing import Any

from graflow.channels.redis_channel import RedisChannel
from tests.servers import run_watched


def test_nobody_reads_from_the_primary_before() -> None:
    """Not on a connection that was in use, and so not closed, when another thread learnt of it."""
    with (
        run_watched("valkey-9") as watched,
        watched.ask() as sentinel,
        RedisChannel("primary", sentinel.master_for(watched.service), timeout=20) as channel,
    ):
        channel.set("key", 1)
        backend: Any = channel.backend
        sender = backend._primitives.transport._route.link
        in_use = sender.take(math.inf)
        watched.primary.freeze()
        try:
            channel.set("key", 2)
        finally:
            watched.primary.thaw()  # it does not know yet that it is the primary no more
        sender.put_back(in_use)
        assert channel.get("key") == 2
        assert sender.take(math.inf).connection.port == watched.replica.port

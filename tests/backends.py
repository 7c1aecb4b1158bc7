"""The places where the tests keep channels: memory, each kind of server, and a cluster."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol, Self

import redis

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel, MemorySpace
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.sqlite_channel import SQLiteChannel
from graflow.testing.servers import advance
from tests.servers import Cluster, Server

__all__ = [
    "Backend",
    "ClusterBackend",
    "MemoryBackend",
    "SQLiteBackend",
    "ServerBackend",
    "advance",
]


class Backend(Protocol):
    """A place for channels, empty at first."""

    def open(self, name: str) -> Channel:
        """Open one more handle on the channel called `name`."""

    def advance(self, seconds: float) -> None:
        """Let time pass for everything that is stored, without waiting."""


class MemoryBackend:
    """Channels in memory, with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._space = MemorySpace(clock=lambda: self._now)

    def open(self, name: str) -> MemoryChannel:
        """Open one more handle on the channel called `name`."""
        return MemoryChannel(name, space=self._space)

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self._now += seconds


class SQLiteBackend:
    """Channels in a file."""

    def __init__(self, path: Path) -> None:
        """Name the file, which is made when it is first used."""
        self.path = path
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, name: str) -> SQLiteChannel:
        """Open one more handle on the channel called `name`."""
        return self._stack.enter_context(SQLiteChannel(name, self.path, durable=False))

    def advance(self, seconds: float) -> None:
        """Bring every expiry nearer."""
        with closing(sqlite3.connect(self.path, timeout=60)) as connection, connection:
            passed = (round(seconds * 1000),)
            connection.execute("UPDATE entries SET expires = expires - ?", passed)
            connection.execute("UPDATE waiters SET until = until - ?", passed)

    def read(self, name: str, key: str) -> bytes | list[bytes] | None:
        """Return what is stored under a key of a channel, as any other program would."""
        with closing(sqlite3.connect(self.path, timeout=60)) as connection:
            found = connection.execute(
                "SELECT list, value FROM entries WHERE channel = ? AND key = ?", (name, key)
            ).fetchone()
            if found is None or found[1] is not None:
                return None if found is None else bytes(found[1])
            items = "SELECT item FROM items WHERE list = ? ORDER BY position"
            return [item for (item,) in connection.execute(items, found[:1])]


class ServerBackend:
    """Channels on a server."""

    def __init__(self, server: Server) -> None:
        """Empty the server."""
        self._server = server
        self._stack = ExitStack()
        self._client = self._stack.enter_context(redis.Redis.from_url(server.url))
        self._client.flushall()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, name: str) -> RedisChannel:
        """Open one more handle on the channel called `name`."""
        return self._stack.enter_context(RedisChannel(name, url=self._server.url))

    def advance(self, seconds: float) -> None:
        """Bring every expiry nearer."""
        advance(self._client, seconds)


class ClusterBackend:
    """Channels on a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        """Empty the cluster."""
        self._cluster = cluster
        self._stack = ExitStack()
        cluster.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, name: str) -> RedisChannel:
        """Open one more handle on the channel called `name`."""
        channel = RedisChannel(name, url=self._cluster.url, cluster=True)
        return self._stack.enter_context(channel)

    def advance(self, seconds: float) -> None:
        """Bring every expiry nearer."""
        for master in self._cluster.masters:
            advance(master.client, seconds)

"""Places that the command is pointed at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.sqlite_channel import SQLiteChannel
from tests.backends import ClusterBackend, ServerBackend
from tests.command.commands import Place
from tests.servers import Cluster, Server


@pytest.fixture(params=["valkey-9", "redis-6.2", "cluster", "sqlite", "directory"])
def place(
    request: pytest.FixtureRequest,
    servers: Callable[[str], Server],
    clusters: Callable[[str], Cluster],
    tmp_path: Path,
) -> Iterator[Place]:
    """A server of two kinds, a cluster by one of its nodes, a file, and a directory."""
    if request.param == "cluster":
        with ClusterBackend(clusters("redis-6.2")) as cluster:
            yield Place(clusters("redis-6.2").url, cluster.open)
    elif request.param == "directory":
        yield from _directory(tmp_path / "server")
    elif request.param == "sqlite":
        yield file_at(tmp_path / "channels.db")
    else:
        server = servers(request.param)
        with ServerBackend(server) as backend:
            yield Place(server.url, backend.open)


@pytest.fixture
def file(tmp_path: Path) -> Place:
    """A file, where it does not matter what the place is."""
    return file_at(tmp_path / "channels.db")


def file_at(path: Path) -> Place:
    """Return a file as a place; it is made when a channel in it is first used."""

    def open_channel(name: str) -> Channel:
        return SQLiteChannel(name, path, durable=False)

    return Place(f"sqlite:///{path}", open_channel)


def _directory(home: Path) -> Iterator[Place]:
    with RedisChannel.embedded(path=home) as first:

        def open_channel(name: str) -> Channel:
            return first.beside(name)

        yield Place(str(home), open_channel)

"""Our own backends keep the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.channels.sqlite.database import database_at
from graflow.testing import Capabilities, ChannelConformance, Harness, LossyProxy
from graflow.testing.servers import read_record
from tests.backends import ClusterBackend, MemoryBackend, ServerBackend, SQLiteBackend
from tests.proxy import run_proxy
from tests.servers import Cluster, Server, run_cluster, run_server

_DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


class TestMemory(ChannelConformance):
    """Channels in memory, on a clock that is moved by hand."""

    capabilities = Capabilities()

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Harness:
        """Memory with a clock."""
        return memory_harness()


def memory_harness() -> Harness:
    """Reach channels in memory."""
    backend = MemoryBackend()
    return Harness(
        open=backend.open,
        open_async=lambda name: backend.open(name).aio,
        advance=backend.advance,
        read=lambda name, key: backend.open(name).backend.get(key),
    )


class TestSQLite(ChannelConformance):
    """Channels in a file."""

    capabilities = Capabilities(shared=True, durable=True)
    examples = 25

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
        """A file, whose expiries all come nearer when time is to pass."""
        with SQLiteBackend(tmp_path_factory.mktemp("sqlite") / "channels.db") as backend:
            backend.open("any").keys()  # makes the file
            yield sqlite_harness(backend)


def sqlite_harness(backend: SQLiteBackend) -> Harness:
    """Reach channels in a file. To restart it is to close it, so that others end the last log."""

    def connections() -> list[sqlite3.Connection]:
        return list(vars(database_at(str(backend.path), durable=False))["_open"])

    def restart() -> None:
        database = database_at(str(backend.path), durable=False)
        with database.lock:
            database.before_fork()
        database.read(lambda connection: None, 60)

    return Harness(
        open=backend.open,
        open_async=lambda name: backend.open(name).aio,
        advance=backend.advance,
        restart=restart,
        started=connections,
        read=backend.read,
    )


class RedisServer(ChannelConformance):
    """Channels on a server of the Redis protocol that writes everything to its disk at once."""

    capabilities = Capabilities(shared=True, durable=True, remote=True)
    examples = 10
    on_loop = False  # `TestValkey9` tries that
    kind: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """A server, and a proxy for what loses replies; handles have URLs."""
        with run_server(cls.kind, *_DURABLE) as server, run_proxy(server) as proxy:
            yield server_harness(
                server,
                proxy,
                lambda port, name: RedisChannel(name, url=f"redis://127.0.0.1:{port}"),
            )


@pytest.mark.thorough
class TestDecoding(RedisServer):
    """A client that decodes what it reads, and whose server does not matter."""

    kind = "redis-6.2"

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """A server and a proxy, each with a client."""
        with ExitStack() as stack:
            server = stack.enter_context(run_server(cls.kind, *_DURABLE))
            proxy = stack.enter_context(run_proxy(server))
            clients = {
                port: stack.enter_context(redis.Redis(port=port, decode_responses=True))
                for port in (server.port, proxy.port)
            }
            yield server_harness(
                server, proxy, lambda port, name: RedisChannel(name, clients[port])
            )


def server_harness(
    server: Server, proxy: LossyProxy, open_at: Callable[[int, str], RedisChannel]
) -> Harness:
    """Reach channels on a server, or through its proxy while that is to lose a reply."""

    def read(name: str, key: str) -> bytes | list[bytes] | None:
        with redis.Redis(port=server.port) as client:
            return read_record(client, name, key)

    def restart() -> None:
        server.stop()
        server.start()

    def open(name: str) -> RedisChannel:
        return open_at(proxy.port if proxy.is_due else server.port, name)

    return Harness(
        open=open,
        open_async=lambda name: open(name).aio,
        advance=ServerBackend(server).advance,
        restart=restart,
        started=lambda: server.pid,
        cut_reply=proxy.cut_reply,
        read=read,
    )


@pytest.mark.thorough
class TestRedis62(RedisServer):
    """The oldest Redis."""

    kind = "redis-6.2"


@pytest.mark.thorough
class TestRedis8(RedisServer):
    """The newest Redis."""

    kind = "redis-8"


class TestValkey9(RedisServer):
    """The newest Valkey, with more examples than the others, and on an event loop too."""

    examples = 25
    on_loop = True
    kind = "valkey-9"


class Losses:
    """Proxies of which one loses a reply when it is asked to."""

    def __init__(self, proxies: Sequence[LossyProxy]) -> None:
        """Lose nothing yet."""
        self._proxies = proxies
        self._lost = 0

    def cut_reply(self) -> None:
        """Lose the next reply, whoever passes it on."""
        self._lost = self.count()
        for proxy in self._proxies:
            proxy.cut_reply()

    @property
    def are_due(self) -> bool:
        """Whether a reply is to be lost, and none has been since."""
        return any(proxy.is_due for proxy in self._proxies) and self.count() == self._lost

    def count(self) -> int:
        """Return how many replies have been lost."""
        return sum(proxy.lost for proxy in self._proxies)


@pytest.mark.thorough
class TestCluster(ChannelConformance):
    """Channels on the three masters of a cluster, that write everything to their disks at once."""

    capabilities = Capabilities(shared=True, durable=True, remote=True)
    examples = 5

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """A cluster; what is to lose a reply reaches each master through a proxy."""
        with ExitStack() as stack:
            cluster = stack.enter_context(run_cluster("redis-6.2", *_DURABLE, silence=5_000))
            proxies = {node.port: stack.enter_context(run_proxy(node)) for node in cluster.masters}
            clients = [
                stack.enter_context(redis.RedisCluster.from_url(cluster.url, **options))
                for options in (
                    {},
                    {"address_remap": lambda address: (address[0], proxies[address[1]].port)},
                )
            ]
            yield cluster_harness(cluster, Losses(list(proxies.values())), *clients)


def cluster_harness(cluster: Cluster, losses: Losses, client: Any, lossy_client: Any) -> Harness:
    """Reach channels on a cluster, or through its proxies while a reply is to be lost."""

    def open(name: str) -> RedisChannel:
        if losses.are_due:
            return RedisChannel(name, lossy_client)
        return RedisChannel(name, url=cluster.url, cluster=True, timeout=60)  # of a busy machine

    return Harness(
        open=open,
        open_async=lambda name: open(name).aio,
        advance=ClusterBackend(cluster).advance,
        restart=cluster.restart,
        started=lambda: [node.pid for node in cluster.masters],
        cut_reply=losses.cut_reply,
        lost=losses.count,
        read=lambda name, key: read_record(client, name, key),
    )

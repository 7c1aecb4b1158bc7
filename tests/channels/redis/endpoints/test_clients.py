"""Clients of other libraries and of one's own, and clients that are for another kind of server."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import redis
import redis.asyncio
import valkey
import valkey.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelServerError, ChannelTypeError
from tests.channels.redis.every_operation import use_every_operation
from tests.servers import Certificates, Cluster, Server, run_server, run_tls, run_watched

untyped: Any = valkey


def check(client: Any) -> None:
    """Use a channel on a client, and a pickled copy of it; what the client is does not matter."""
    with client, RedisChannel("c", client, timeout=20) as channel:
        use_every_operation(channel)
        with pickle.loads(pickle.dumps(channel)) as copy:
            assert copy.append("list", 1) == 1
        channel.clear()


VALKEYS: dict[str, Callable[[Server], Any]] = {
    "plain": lambda server: valkey.Valkey(port=server.port),
    "URL": lambda server: valkey.Valkey.from_url(server.url, decode_responses=True),
    "RESP3": lambda server: valkey.Valkey(port=server.port, protocol=3, client_name="me"),
    "Unix socket": lambda server: valkey.Valkey(unix_socket_path=str(server.socket), db=3),
    "waiting pool": lambda server: valkey.Valkey(
        connection_pool=untyped.BlockingConnectionPool(port=server.port)
    ),
    "function": lambda server: valkey.Valkey(port=server.port, valkey_connect_func=greet),
}


def greet(connection: Any) -> None:
    """Begin a connection."""
    connection.on_connect()
    connection.send_command("PING")
    assert connection.read_response() == b"PONG"


@pytest.mark.parametrize("kind", VALKEYS)
def test_a_client_of_valkey(server: Server, redis_client: redis.Redis, kind: str) -> None:
    """Its settings are those of a client of redis-py, by other names."""
    check(VALKEYS[kind](server))


def test_a_client_of_valkey_with_a_password(tmp_path: Path) -> None:
    """Over TLS, where the certificate is not for the name that is connected to."""
    with run_server("valkey-9", "--requirepass", "s3cret") as server:
        certificates = Certificates(tmp_path)
        with run_tls(server, certificates) as port:
            check(
                valkey.Valkey(
                    host="127.1",
                    port=port,
                    password="s3cret",
                    ssl=True,
                    ssl_ca_certs=str(certificates.authority),
                    ssl_certfile=str(certificates.client),
                )
            )


def test_a_cluster_client_of_valkey(clusters: Callable[[str], Cluster]) -> None:
    """It finds the nodes as a `RedisCluster` does."""
    cluster = clusters("valkey-9")
    cluster.flush()
    check(untyped.ValkeyCluster.from_url(cluster.url))


def test_a_sentinel_of_valkey() -> None:
    """It names the primary, as one of redis-py does."""
    with run_watched("valkey-9") as watched:
        sentinel = untyped.Sentinel([("127.0.0.1", watched.sentinel.port)])
        check(sentinel.master_for(watched.service))
        for one in sentinel.sentinels:
            one.close()


class OwnPool(valkey.ConnectionPool):
    """A pool of a class of one's own."""


class OwnConnection(valkey.Connection):
    """A connection of a class of one's own."""


REFUSED: dict[str, Callable[[], Any]] = {
    "OwnPool": lambda: valkey.Valkey(connection_pool=OwnPool()),
    "OwnConnection": lambda: valkey.Valkey(
        connection_pool=valkey.ConnectionPool(connection_class=OwnConnection)
    ),
}


@pytest.mark.parametrize("named", REFUSED)
def test_what_can_not_be_taken_over_from_valkey(named: str) -> None:
    """It is refused by name, with advice, before anything is stored."""
    with pytest.raises(ChannelTypeError, match=f"{named} can't be taken over.*redis-py"):
        RedisChannel("c", REFUSED[named]())


ASYNCHRONOUS: dict[str, Callable[[], Any]] = {
    "Redis": redis.asyncio.Redis,
    "RedisCluster": lambda: redis.asyncio.RedisCluster("127.0.0.1"),
    "Valkey": valkey.asyncio.Valkey,
    "ValkeyCluster": lambda: valkey.asyncio.ValkeyCluster("127.0.0.1"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", ASYNCHRONOUS)
def test_an_asynchronous_client(kind: str) -> None:
    """Of either library: a channel can't wait for it."""
    with pytest.raises(ChannelTypeError, match="asyncio"):
        RedisChannel("c", ASYNCHRONOUS[kind]())


class OwnRedisPool(redis.ConnectionPool):
    """A pool of a class of one's own, for redis-py."""


ALONE: dict[str, Callable[[int], RedisChannel]] = {
    "URL": lambda port: RedisChannel("c", url=f"redis://127.0.0.1:{port}"),
    "client": lambda port: RedisChannel("c", redis.Redis(port=port)),
    "own pool": lambda port: RedisChannel(
        "c", redis.Redis(connection_pool=OwnRedisPool(port=port))
    ),
}


@pytest.mark.parametrize("by", ALONE)
def test_one_node_of_a_cluster(clusters: Callable[[str], Cluster], by: str) -> None:
    """A channel whose slot is elsewhere says what to pass, and nothing happened."""
    cluster = clusters("valkey-9")
    cluster.flush()
    name = cluster.name_on(cluster.masters[0])
    channel = ALONE[by](cluster.masters[1].port)
    channel = channel.beside(name)
    for call in (lambda: channel.get("key"), lambda: channel.append("list", 1)):
        with pytest.raises(ChannelServerError, match="cluster=True"):
            call()
    with RedisChannel(name, url=cluster.url, cluster=True) as right:
        assert right.keys() == []


class Repeating(redis.Connection):
    """A connection whose network holds back commands, for redis-py to send them again."""

    is_slow: ClassVar[bool] = False
    held: ClassVar[list[Sequence[bytes]]] = []

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send a command; while the network is slow, hold back the first copy."""
        if Repeating.is_slow and b"EVALSHA" in b"".join(command):
            Repeating.is_slow = False
            Repeating.held.append(command)
            raise redis.TimeoutError("no reply in time")
        send: Any = super().send_packed_command
        send(command, check_health)


class Wrapper:
    """A client of which nothing is known but how to send a command."""

    def __init__(self, client: redis.Redis) -> None:
        """Send through `client`."""
        self.client: Any = client

    def execute_command(self, *command: Any, **options: Any) -> Any:
        """Send a command."""
        return self.client.execute_command(*command, **options)


@pytest.mark.parametrize("wrap", [Wrapper, lambda client: client], ids=["wrapper", "own pool"])
def test_a_client_that_sends_again_behind_our_back(
    redis_url: str, redis_client: redis.Redis, wrap: Callable[[redis.Redis], Any]
) -> None:
    """A copy that comes late does nothing, whatever has happened since."""
    retry = Retry(NoBackoff(), 3)
    pool = OwnRedisPool.from_url(redis_url, connection_class=Repeating, retry=retry)
    with redis.Redis(connection_pool=pool) as client, RedisChannel("c", wrap(client)) as channel:
        channel.append("list", "warm up")
        Repeating.is_slow = True
        channel.append("list", "A")
        assert not Repeating.is_slow
        assert channel.append("list", "B") == 3
        with RedisChannel("c", redis_client) as other:
            late: Any = redis_client.connection_pool.get_connection()
            late.send_packed_command(Repeating.held.pop())
            late.read_response()
            redis_client.connection_pool.release(late)
            assert other.get("list") == ["warm up", "A", "B"]
    pool.disconnect()

"""Channels on all kinds of servers, and over all kinds of connections."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.cluster import RedisCluster

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelServerError, ChannelUnavailableError
from tests.channels.redis.every_operation import use_every_operation
from tests.paths import ROOT
from tests.servers import (
    SERVERS,
    Certificates,
    Cluster,
    Server,
    run_replica,
    run_server,
    run_tls,
    run_watched,
)
from tests.servers.server import wait_until

APPEND = """
import pickle, sys

channel = pickle.load(sys.stdin.buffer)
channel.append("from afar", 1)
"""


def use_elsewhere(channel: RedisChannel) -> None:
    """Use the channel through a pickled handle, in this process and in another one."""
    pickled = pickle.dumps(channel)
    with pickle.loads(pickled) as copy:
        copy.append("from afar", 0)
    subprocess.run([sys.executable, "-c", APPEND], input=pickled, cwd=ROOT, check=True)
    assert channel.get("from afar") == [0, 1]
    channel.clear()


Open = Callable[..., RedisChannel]


@pytest.fixture
def open_on(server: Server, redis_client: redis.Redis) -> Iterator[Open]:
    """A function that opens a channel from a URL, or on a client that has these settings."""
    with ExitStack() as stack:

        def open_on(by: str, url: str, **settings: Any) -> RedisChannel:
            if by == "url":
                return stack.enter_context(RedisChannel("c", url=url, **settings))
            client = stack.enter_context(redis.Redis.from_url(url, **settings))
            return stack.enter_context(RedisChannel("c", client))

        yield open_on


by = pytest.mark.parametrize("by", ["url", "client"])


@by
@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "text"])
def test_both_protocols(
    open_on: Open, server: Server, by: str, protocol: int, decode: bool
) -> None:
    """RESP2 and RESP3, whatever the client does to the replies."""
    channel = open_on(by, server.url, protocol=protocol, decode_responses=decode)
    use_every_operation(channel)


@by
def test_a_database_over_a_unix_socket(open_on: Open, server: Server, by: str) -> None:
    """The same server without TCP, and not in its first database."""
    channel = open_on(by, f"unix://{server.socket}?db=5")
    use_every_operation(channel)
    use_elsewhere(channel)
    channel.set("key", 1)
    with redis.Redis(unix_socket_path=str(server.socket), db=5) as client:
        assert client.exists("graflow:{c}:k:key")
        client.flushdb()
    assert repr(channel) == f"RedisChannel('c', unix://{server.socket}?db=5)"


@by
@pytest.mark.parametrize("kind", SERVERS)
def test_a_password(by: str, kind: str) -> None:
    """Of the default user; without it, or with a wrong one, the error says so and shows none."""
    with run_server(kind, "--requirepass", "s3cret") as server, ExitStack() as stack:
        url = server.url.replace("redis://", "redis://:s3cret@")
        client = stack.enter_context(redis.Redis.from_url(url))
        channel = RedisChannel("c", url=url) if by == "url" else RedisChannel("c", client)
        use_every_operation(channel)
        use_elsewhere(channel)
        assert "s3cret" not in repr(channel)
        for wrong in (server.url, server.url.replace("redis://", "redis://:wr0ng@")):
            with pytest.raises(ChannelUnavailableError, match="password") as caught:
                RedisChannel("c", url=wrong).set("key", 1)
            assert "wr0ng" not in str(caught.value)


@by
def test_a_user(open_on: Open, server: Server, redis_client: redis.Redis, by: str) -> None:
    """One of the server's access control list, with a password that a URL has to quote."""
    redis_client.acl_setuser(
        "worker", True, passwords=["+p@ss/word"], keys=["graflow:*"], categories=["+@all"]
    )
    url = server.url.replace("redis://", "redis://worker:p%40ss%2Fword@")
    channel = open_on(by, url)
    use_every_operation(channel)
    use_elsewhere(channel)
    redis_client.acl_deluser("worker")


@by
def test_tls(open_on: Open, server: Server, by: str, tmp_path: Path) -> None:
    """Both sides show certificates; a handle that is pickled trusts and shows the same."""
    certificates = Certificates(tmp_path)
    with run_tls(server, certificates) as port:
        url = f"rediss://127.0.0.1:{port}"
        trust = {"ssl_ca_certs": str(certificates.authority)}
        channel = open_on(by, url, **trust, ssl_certfile=str(certificates.client))
        use_every_operation(channel)
        use_elsewhere(channel)
        assert repr(channel) == f"RedisChannel('c', {url}/0)"
        stranger = RedisChannel("c", url=url, timeout=2)
        with pytest.raises(ChannelUnavailableError, match=r"(?i)certificate"):
            stranger.get("key")


@pytest.mark.parametrize("kind", SERVERS)
def test_a_replica_is_read_and_not_written(kind: str) -> None:
    """What the primary stored can be read; a write is refused with advice, and locks too."""
    with run_server(kind, "--repl-diskless-sync-delay", "0") as primary:
        with RedisChannel("c", url=primary.url) as channel:
            channel.set_many({"key": 1, "list": [1, 2]})
        with run_replica(primary) as server, RedisChannel("c", url=server.url) as replica:
            assert replica.get_many(["key", "list"]) == {"key": 1, "list": [1, 2]}
            assert sorted(replica.keys()) == ["key", "list"]
            assert replica.get("list") == [1, 2]
            assert replica.exists("key")
            assert replica.ttl("key") is None
            for write in (
                lambda: replica.set("key", 2),
                lambda: replica.set_many({"key": 2}),
                lambda: replica.append("list", 3),
                lambda: replica.pop("list"),
                lambda: replica.atomic_add("key"),
                lambda: replica.atomic_add("key", 0.5),
                lambda: replica.update("key", lambda number: number + 1),
                lambda: replica.delete("key"),
                replica.clear,
                lambda: replica.lock("lock").__enter__(),
            ):
                with pytest.raises(ChannelServerError, match="read-only replica: connect to its"):
                    write()
            assert replica.get_many(["key", "list"]) == {"key": 1, "list": [1, 2]}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_primary_that_a_sentinel_names(kind: str) -> None:
    """It is found, also by a pickled handle; when it dies, its successor is, within the timeout."""
    with (
        run_watched(kind) as watched,
        watched.ask() as sentinel,
        sentinel.master_for(watched.service) as client,
        RedisChannel("c", client, timeout=20) as channel,
    ):
        use_every_operation(channel)
        use_elsewhere(channel)
        assert repr(channel) == (
            f"RedisChannel('c', redis+sentinel://127.0.0.1:{watched.sentinel.port}/main)"
        )
        channel.append("list", 1)
        with redis.Redis.from_url(watched.primary.url) as primary:
            assert primary.wait(1, 10_000) == 1
        watched.primary.stop()
        assert channel.append("list", 2) == 2
        assert channel.get("list") == [1, 2]


def test_a_primary_that_hangs_is_left() -> None:
    """Half of the time goes to it, and then to the one that the Sentinel has promoted."""
    with (
        run_watched("valkey-9") as watched,
        watched.ask() as sentinel,
        sentinel.master_for(watched.service) as client,
        RedisChannel("c", client, timeout=10) as channel,
        redis.Redis.from_url(watched.primary.url) as primary,
    ):
        channel.append("list", 1)
        assert primary.wait(1, 10_000) == 1
        watched.primary.freeze()
        assert channel.append("list", 2) == 2
        watched.primary.thaw()
        assert channel.append("list", 3) == 3
        assert channel.get("list") == [1, 2, 3]


def test_a_primary_that_has_become_a_replica_is_left() -> None:
    """Its refusal to write is no error: the Sentinel is asked again for the primary."""
    with (
        run_watched("redis-8") as watched,
        watched.ask() as sentinel,
        sentinel.master_for(watched.service) as client,
        sentinel.slave_for(watched.service) as follower,
        RedisChannel("c", client, timeout=20) as channel,
        RedisChannel("c", follower, timeout=20) as reader,
        redis.Redis(port=watched.sentinel.port) as control,
    ):
        channel.append("list", 1)
        control.execute_command("SENTINEL", "FAILOVER", watched.service)
        wait_until("the primary has become a replica", watched.primary.follows)
        assert channel.append("list", 2) == 2
        wait_until("the replica has it all", lambda: reader.get("list") == [1, 2])


@pytest.mark.parametrize("kind", SERVERS)
def test_a_cluster(clusters: Callable[[str], Cluster], kind: str) -> None:
    """From the URL of a node, or on a client; pickled handles find the cluster as well."""
    cluster = clusters(kind)
    cluster.flush()
    with RedisChannel("c", url=cluster.url, cluster=True) as channel:
        use_every_operation(channel)
        use_elsewhere(channel)
    with RedisCluster.from_url(cluster.url, decode_responses=True, protocol=3) as client:
        channel = RedisChannel("c", client)
        use_every_operation(channel)
        use_elsewhere(channel)

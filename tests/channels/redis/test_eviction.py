"""Servers that delete keys by themselves when their memory is full."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import redis

from graflow.channels.factory import ChannelFactory
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelConnectionError, EvictionError, LockLostError
from tests.channels.redis.every_operation import use_every_operation
from tests.proxy import run_proxy, url_of
from tests.servers import SERVERS, Cluster, Server

EVICTING = [
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]


def configure(client: Any, policy: str, limit: str = "100mb") -> None:
    """Let a server do this when it has more than so much."""
    client.config_set("maxmemory-policy", policy)
    client.config_set("maxmemory", limit)


@pytest.fixture(autouse=True)
def _keep_all_afterwards(redis_client: redis.Redis) -> Iterator[None]:
    """Leave the shared server as it was."""
    yield
    configure(redis_client, "noeviction", "0")


@pytest.fixture
def new_url(server: Server) -> Iterator[str]:
    """A URL of a server of which this process knows nothing yet."""
    with run_proxy(server) as proxy:
        yield url_of(proxy)


@pytest.fixture
def open_behind_proxy(new_url: str) -> Callable[..., RedisChannel]:
    """A function that opens a handle by that URL."""
    return lambda **options: RedisChannel("c", url=new_url, **options)


@pytest.mark.parametrize("policy", EVICTING)
def test_a_server_that_evicts_is_refused(
    redis_client: redis.Redis, open_behind_proxy: Callable[..., RedisChannel], policy: str
) -> None:
    """Before anything is read or written; the error says what to do."""
    configure(redis_client, policy)
    with open_behind_proxy() as channel:
        for operation in (lambda: channel.set("key", 1), lambda: channel.get("key"), channel.keys):
            with pytest.raises(EvictionError):
                operation()
        with pytest.raises(EvictionError) as caught, channel.lock("lock"):
            pass
        assert caught.value.channel == "c"
        assert not isinstance(caught.value, ChannelConnectionError)
        for words in ("redis://127.0.0.1:", policy, "104,857,600", "allow_eviction=True"):
            assert words in str(caught.value)
    assert redis_client.dbsize() == 0


def test_a_server_that_is_set_right_is_used(
    redis_client: redis.Redis, open_behind_proxy: Callable[..., RedisChannel]
) -> None:
    """By the handle that had refused it."""
    configure(redis_client, "allkeys-lru")
    with open_behind_proxy() as channel:
        with pytest.raises(EvictionError):
            channel.set("key", 1)
        configure(redis_client, "noeviction")
        channel.set("key", 1)
        assert channel.get("key") == 1


def test_a_policy_without_a_limit_evicts_nothing(
    redis_client: redis.Redis, open_behind_proxy: Callable[..., RedisChannel]
) -> None:
    """So it is no reason to refuse a server."""
    configure(redis_client, "allkeys-lru", "0")
    with open_behind_proxy() as channel:
        channel.set("key", 1)


def test_who_knows_may_go_on(
    redis_client: redis.Redis, new_url: str, open_behind_proxy: Callable[..., RedisChannel]
) -> None:
    """Also by the factory, and in another process."""
    configure(redis_client, "allkeys-lru")
    with open_behind_proxy(allow_eviction=True) as channel:
        use_every_operation(channel)
        with pickle.loads(pickle.dumps(channel)) as again:
            use_every_operation(again)
    make = partial(ChannelFactory.create_channel, "redis", "c", url=new_url)
    with make() as made, pytest.raises(EvictionError):
        pickle.loads(pickle.dumps(made)).set("key", 1)
    with make(allow_eviction=True) as made:
        made.set("key", 1)


@pytest.mark.parametrize("rights", [("+info",), ("+config|get",), ()], ids=" ".join)
def test_the_policy_is_read_with_the_rights_that_there_are(
    server: Server, redis_client: redis.Redis, new_url: str, rights: tuple[str, ...]
) -> None:
    """One of the two commands is enough; without both the channel goes on."""
    configure(redis_client, "volatile-ttl")
    acl = ("ACL", "SETUSER", "reader", "on", ">secret", "~graflow:*", "+set", "+zadd", "+persist")
    if server.kind == "redis-6.2":
        rights = tuple(right.replace("+config|get", "+config") for right in rights)
    execute: Any = redis_client.execute_command
    execute(*acl, "+evalsha", "+eval", "+time", "+get", "+exists", *rights)
    url = new_url.replace("redis://", "redis://reader:secret@")
    try:
        with RedisChannel("c", url=url) as channel:
            if rights:
                with pytest.raises(EvictionError):
                    channel.exists("key")
            else:
                assert not channel.exists("key")
                channel.set("key", 1)
    finally:
        redis_client.acl_deluser("reader")


def test_the_policy_is_read_once(
    redis_client: redis.Redis, open_behind_proxy: Callable[..., RedisChannel]
) -> None:
    """Not by each operation, nor by each handle."""
    redis_client.config_resetstat()
    with open_behind_proxy() as channel, open_behind_proxy() as other:
        for number in range(20):
            channel.set("key", number)
            other.append("list", number)
    calls: Any = redis_client.info("commandstats")
    assert calls["cmdstat_info"]["calls"] == 1
    assert "cmdstat_config|get" not in calls


@pytest.mark.parametrize("kind", SERVERS)
def test_each_node_of_a_cluster_counts(clusters: Callable[[str], Cluster], kind: str) -> None:
    """A channel is refused on the node that evicts, and one on another node is used."""
    cluster = clusters(kind)
    cluster.flush()
    evicting, keeping, _ = cluster.masters
    configure(evicting.client, "allkeys-lru")
    open_channel = partial(RedisChannel, url=cluster.url, cluster=True, timeout=4.75)
    try:
        with (
            open_channel(cluster.name_on(evicting)) as channel,
            pytest.raises(EvictionError),
        ):
            channel.set("key", 1)
        with open_channel(cluster.name_on(keeping)) as channel:
            channel.set("key", 1)
            assert channel.get("key") == 1
    finally:
        configure(evicting.client, "noeviction", "0")


def test_after_a_failure_the_server_is_looked_at_again(
    redis_client: redis.Redis, server: Server
) -> None:
    """It may be another one now. But what was sent before is asked for all the same."""
    with run_proxy(server) as proxy, RedisChannel("c", url=url_of(proxy)) as channel:
        channel.append("list", 1)
        configure(redis_client, "allkeys-lru")
        proxy.faults = 1
        assert channel.append("list", 2) == 2
        with pytest.raises(EvictionError):
            channel.append("list", 3)
    assert redis_client.llen("graflow:{c}:k:list") == 2


def kill_connections(client: redis.Redis) -> None:
    """End all connections to a server but the one of this client."""
    kill: Any = client.client_kill_filter
    kill(_type="normal", skipme=True)


def test_after_a_break_that_nobody_noticed_the_server_is_looked_at_again(
    redis_client: redis.Redis, server: Server
) -> None:
    """The connection ended between two operations, so neither of them failed."""
    with RedisChannel("c", url=server.url, timeout=4.5) as channel:
        channel.append("list", 1)
        configure(redis_client, "allkeys-lru")
        kill_connections(redis_client)
        with pytest.raises(EvictionError):
            channel.append("list", 2)
        configure(redis_client, "noeviction")
        assert channel.append("list", 2) == 2


def test_locks_that_are_held_can_be_left(redis_client: redis.Redis, server: Server) -> None:
    """The holder is told whether it lost them, and others need not wait for the leases."""
    with RedisChannel("c", url=server.url, timeout=4.5) as channel:
        kept, evicted = (channel.lock(key, lease=600) for key in ("kept", "evicted"))
        with kept:
            evicted.__enter__()
            configure(redis_client, "allkeys-lru")
            kill_connections(redis_client)
            with pytest.raises(EvictionError):
                channel.get("key")
            redis_client.delete("graflow:{c}:l:evicted")
            with pytest.raises(LockLostError):
                evicted.__exit__(None, None, None)
    assert not redis_client.exists("graflow:{c}:l:kept")

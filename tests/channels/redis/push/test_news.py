"""News of a server: one connection for all who wait, and what becomes of it when things break."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from graflow.channels.redis.push import push_connection
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.transactions import Transaction
from tests.channels.watching.waiters import Waiter, told
from tests.patience import PATIENCE
from tests.servers import SERVERS, Cluster, Server, run_server, run_watched
from tests.servers.cluster import ClusterNode
from tests.servers.server import wait_until


@pytest.fixture
def channel(redis_url: str) -> Iterator[RedisChannel]:
    """A channel."""
    with RedisChannel("test", url=redis_url) as channel:
        yield channel


@pytest.fixture
def other(redis_url: str) -> Iterator[RedisChannel]:
    """Another handle on it."""
    with RedisChannel("test", url=redis_url) as channel:
        yield channel


def is_live(channel: RedisChannel) -> bool:
    """Tell whether the server pushes news of a channel."""
    return channel.backend.signals().is_live


def pushes_from(channel: RedisChannel) -> int:
    """Return the port of the server that pushes news of a channel."""
    signals: Any = channel.backend.signals()
    port: int = signals.connection.place[1]
    return port


def pushing(client: Any) -> list[Any]:
    """Return the connections on which a server tells of changes."""
    return [each for each in client.client_list() if "t" in each["flags"] or "B" in each["flags"]]


def cut(client: Any) -> None:
    """Cut the connections on which a server tells of changes."""
    for each in pushing(client):
        with suppress(redis.ResponseError):
            client.execute_command("CLIENT", "KILL", "ID", each["id"])


def move(cluster: Cluster, slot: int, source: ClusterNode, target: ClusterNode) -> None:
    """Move a slot with its keys."""
    cluster.begin_move(slot, source, target)
    keys = cluster.keys_in(slot, source)
    if keys:
        cluster.move_keys(*keys, source=source, target=target)
    cluster.end_move(slot, target)


def test_one_connection_for_all_who_wait(redis_url: str, redis_client: redis.Redis) -> None:
    """Whichever channels they wait on, and with no request while nothing happens."""
    handles = [RedisChannel(f"test {number % 10}", url=redis_url) for number in range(60)]
    waiters = [Waiter(partial(each.wait_for, "key", None, PATIENCE)) for each in handles]
    wait_until("all wait", lambda: all(map(is_live, handles)))
    assert len(pushing(redis_client)) == 1
    time.sleep(0.3)  # the last of them have looked again
    stats: Any = redis_client.info("commandstats")
    time.sleep(0.3)
    later: Any = redis_client.info("commandstats")
    calls = {name: each["calls"] for name, each in stats.items() if name != "cmdstat_info"}
    assert calls == {name: later[name]["calls"] for name in calls}
    for number in range(10):
        handles[number].set("key", number)
    assert [each.result() for each in waiters] == [number % 10 for number in range(60)]
    assert sum(thread.name == "graflow-push" for thread in threading.enumerate()) >= 1


@pytest.mark.parametrize("kind", SERVERS)
def test_a_restarted_server(kind: str) -> None:
    """Whoever waited before it died is told what is there afterwards."""
    with run_server(kind) as server:
        channel = RedisChannel("test", url=server.url)
        channel.set("key", 1)
        with channel.watch(start=False) as watch:
            waiter = Waiter(partial(channel.wait_for, "new", None, PATIENCE))
            wait_until("the server pushes", partial(is_live, channel))
            server.stop()
            wait_until("the loss is noticed", lambda: not is_live(channel))
            server.start()
            RedisChannel("test", url=server.url).set("new", 2)
            assert waiter.result() == 2
            assert [change[:2] for change in told(watch, 2)] == [("key", "deleted"), ("new", "set")]


def test_a_frozen_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noticed, and what changes when it goes on is told."""
    monkeypatch.setattr(push_connection, "_LOOK", 0.1)
    monkeypatch.setattr(push_connection, "_ANSWER", 0.2)
    with run_server("valkey-9") as server:
        channel = RedisChannel("test", url=server.url)
        waiter = Waiter(partial(channel.wait_for, "key", None, PATIENCE))
        wait_until("the server pushes", partial(is_live, channel))
        server.freeze()
        try:
            wait_until("it is noticed", lambda: not is_live(channel))
        finally:
            server.thaw()
        channel.set("key", 1)
        assert waiter.result() == 1


@pytest.mark.parametrize("kind", SERVERS)
def test_a_failover(kind: str) -> None:
    """News come from the replica that took over."""
    with run_watched(kind) as watched, watched.ask() as sentinel:
        channel = RedisChannel("test", sentinel.master_for(watched.service), timeout=30)
        channel.set("key", 1)
        waiter = Waiter(partial(channel.wait_for, "key", lambda value: value == 2, PATIENCE))
        wait_until("the primary pushes", partial(is_live, channel))
        watched.primary.stop()
        channel.set("key", 2)
        assert waiter.result() == 2
        wait_until("the replica pushes", partial(is_live, channel))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_slot_that_moves(
    clusters: Callable[[str], Cluster], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News come from the node that has it now."""
    monkeypatch.setattr(push_connection, "_LOOK", 0.1)
    cluster = clusters(kind)
    cluster.flush()
    source, target, _ = cluster.masters
    name = cluster.name_on(source)
    slot = key_slot(name.encode())
    channel = RedisChannel(name, url=cluster.url, cluster=True)
    try:
        with channel.watch() as watch:
            channel.set("a", 1)
            told(watch, 1)
            wait_until("the source pushes", partial(is_live, channel))
            move(cluster, slot, source, target)
            RedisChannel(name, url=cluster.url, cluster=True).set("b", 2)
            assert [change.key for change in told(watch, 1)] == ["b"]
            wait_until(
                "the target pushes",
                lambda: is_live(channel) and pushes_from(channel) == target.port,
            )
            channel.set("b", 3)
            assert [change.key for change in told(watch, 1)] == ["b"]
    finally:
        move(cluster, slot, target, source)


def test_a_user_without_the_right(
    server: Server, redis_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Waits by asking again and again, and the log says so once."""
    allowed = ("~graflow:*", "+@all", "-client")
    redis_client.execute_command("ACL", "SETUSER", "worker", "on", ">secret", *allowed)
    try:
        url = server.url.replace("redis://", "redis://worker:secret@")
        with caplog.at_level(logging.WARNING, "graflow.channels"):
            channel = RedisChannel("test", url=url)
            with channel.watch() as watch:
                waiter = Waiter(partial(channel.wait_for, "key", None, PATIENCE))
                wait_until("it is refused", lambda: "client|tracking" in caplog.text)
                RedisChannel("test", url=url).set("key", 1)
                assert waiter.result() == 1
                assert told(watch, 1)[0].key == "key"
            assert RedisChannel("test 2", url=url).pop("key", timeout=0.1) is None
        assert not is_live(channel)
        assert caplog.text.count("client|tracking") == 1
        assert "secret" not in caplog.text
    finally:
        redis_client.execute_command("ACL", "DELUSER", "worker")


def test_the_right_alone_suffices(server: Server, redis_client: Any) -> None:
    """`+client|tracking`, beside those of a channel."""
    rights = ("~graflow:*", "+evalsha", "+eval", "+get", "+time", "+client|tracking")
    redis_client.execute_command("ACL", "SETUSER", "listener", "on", ">secret", *rights)
    try:
        url = server.url.replace("redis://", "redis://listener:secret@")
        channel = RedisChannel("test", url=url, allow_eviction=True)
        with channel.watch("key", start=False):
            wait_until("the server pushes", partial(is_live, channel))
    finally:
        redis_client.execute_command("ACL", "DELUSER", "listener")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_a_forked_process_hears_by_itself(channel: RedisChannel, other: RedisChannel) -> None:
    """Over a connection of its own."""
    with channel.watch(start=False) as watch:
        wait_until("the server pushes", partial(is_live, channel))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            with suppress(BaseException):
                os.write(writer, next(watch).key.encode())
                os.write(writer, b" " + str(channel.wait_for("after", None, PATIENCE)).encode())
                status = 0
            os._exit(status)
        other.set("key", 1)
        assert os.read(reader, 10) == b"key"
        other.set("after", 2)
        assert os.waitpid(child, 0)[1] == 0
        assert os.read(reader, 10) == b" 2"
        assert [change.key for change in told(watch, 2)] == ["after", "key"]


def test_channels_that_nobody_watches_any_more(redis_url: str, redis_client: redis.Redis) -> None:
    """The server is told to forget them, and those who still wait lose nothing."""
    channel = RedisChannel("test", url=redis_url)
    with channel.watch() as watch:
        for number in range(40):
            handle = RedisChannel(f"test {number}", url=redis_url)
            with handle.watch():
                wait_until("the server pushes", partial(is_live, handle))
            channel.set("key", number)
            assert told(watch, 1)[0].key == "key"
        assert len(pushing(redis_client)) == 1
        signals: Any = channel.backend.signals()
        assert len(signals.connection._asked) < 40


CHANGES = 2_000
CUTS = 20
MANY_CHANGES = 1_000_000
MANY_CUTS = 100


def store(key: str, number: int, tx: Transaction) -> None:
    """Store a number in a transaction."""
    tx.set(key, number)


def reads(channel: RedisChannel, key: str, value: object) -> bool:
    """Tell whether a handle reads this value."""
    return bool(channel.get(key) == value)


def try_cuts(server: Server, changes: int, cuts: int) -> None:
    """Make random changes while connections are cut; nobody misses one, or reads what is gone."""
    chance = random.Random(changes)
    keys = [f"key {number}" for number in range(20)]
    with (
        redis.Redis.from_url(server.url) as client,
        RedisChannel("test", url=server.url) as writer,
        RedisChannel("test", url=server.url, cache=True) as reader,
        RedisChannel("test", url=server.url).watch() as watch,
    ):
        client.flushall()
        known: dict[str, str | None] = {}
        done = threading.Event()

        def follow() -> None:
            while not done.is_set():
                change = next(watch)
                known[change.key] = change.etag

        waiter = Waiter(follow)
        for number in range(changes):
            key = chance.choice(keys)
            match chance.randrange(6):
                case 0:
                    writer.delete(key)
                case 1:
                    writer.set(key, [number])
                case 2:
                    writer.transact(partial(store, key, number))
                case 3:
                    writer.set(key, number, ttl=chance.choice((0.001, 0.01, 60)))
                case _:
                    writer.set(key, number)
            reader.get(key)
            if number % max(1, changes // cuts) == 0:
                cut(client)
        found = writer.backend.digests(keys)
        wait_until(
            "all is told",
            lambda: [known.get(key) for key in keys] == writer.backend.digests(keys),
        )
        for key in keys:
            value = writer.get(key)
            wait_until(
                "it is read", partial(lambda key, value: reader.get(key) == value, key, value)
            )
        assert len(found) == len(keys)
        done.set()
        writer.set("last", 1)
        waiter.result()


def test_nobody_misses_a_change(server: Server, redis_client: redis.Redis) -> None:
    """Though the connection on which the server tells of it is cut again and again."""
    try_cuts(server, CHANGES, CUTS)


@pytest.mark.thorough
@pytest.mark.timeout(7200)
def test_nobody_misses_one_of_many_changes(server: Server, redis_client: redis.Redis) -> None:
    """In as many changes, and as many cuts, as the documentation says."""
    try_cuts(server, MANY_CHANGES, MANY_CUTS)

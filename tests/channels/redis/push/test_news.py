"""News of a server: one connection for all who wait, and what becomes of it when things break."""

from __future__ import annotations

import errno
import logging
import os
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from unittest.mock import Mock
from weakref import WeakValueDictionary

import pytest
import redis
from redis.crc import key_slot

from graflow.channels.redis.push import push_connection, pushes
from graflow.channels.redis.push.pushes import Pushes
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.transactions import Transaction
from graflow.exceptions import ChannelTimeoutError
from tests.channels.watching.waiters import Waiter, told
from tests.patience import PATIENCE
from tests.seeds import LONGER
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


def calls_of(client: Any) -> dict[str, int]:
    """Return how often each command was called, but for this look."""
    stats = client.info("commandstats")
    return {name: each["calls"] for name, each in stats.items() if name != "cmdstat_info"}


def is_quiet(client: Any) -> bool:
    """Tell whether nobody sends a command for a while in which whoever polls would."""
    before = calls_of(client)
    time.sleep(1)
    return calls_of(client) == before


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
    wait_until("nobody asks any more", partial(is_quiet, redis_client))
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
        with channel.watch(start=False):  # it hears as long as somebody listens
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


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have handles that the test opens hear over a connection that nobody uses yet."""
    monkeypatch.setattr(pushes, "_made", WeakValueDictionary())


def pushes_for(channel: RedisChannel) -> Pushes:
    """Return what hears for a channel; those of other tests may still linger."""
    signals: Any = channel.backend.signals()
    found: Pushes = signals._pushes
    return found


def thread_of(channel: RedisChannel) -> threading.Thread | None:
    """Return the thread that hears for a channel."""
    return pushes_for(channel)._thread


@pytest.mark.usefixtures("fresh")
def test_a_key_of_somebody_else(redis_url: str, redis_client: redis.Redis) -> None:
    """That is no text does no harm, though it begins as those of a channel do."""
    channel = RedisChannel("test", url=redis_url)
    waiter = Waiter(partial(channel.wait_for, "key"))
    wait_until("the server pushes", partial(is_live, channel))
    signals: Any = channel.backend.signals()
    thread = thread_of(channel)
    redis_client.set(signals.prefix + b"\xff", b"")
    RedisChannel("test", url=redis_url).set("key", 1)
    assert waiter.result() == 1
    assert thread_of(channel) is thread


@pytest.mark.usefixtures("fresh")
def test_an_unforeseen_error_in_the_thread(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever waits looks again, and begins anew."""
    channel, other = (RedisChannel("test", url=redis_url) for _ in range(2))
    spread, failures = pushes_for(channel)._spread, [ValueError("unforeseen")]

    def spread_later(message: Any, connection: Any) -> None:
        if failures and "another" in repr(message):  # and not of what came before
            raise failures.pop()
        spread(message, connection)

    monkeypatch.setattr(pushes_for(channel), "_spread", spread_later)
    with channel.watch(start=False) as watch:
        waiter = Waiter(partial(channel.wait_for, "key"))
        wait_until("the server pushes", partial(is_live, channel))
        thread = thread_of(channel)
        with caplog.at_level(logging.WARNING, "graflow.channels"):
            other.set("another", 1)
            assert told(watch, 1)[0].key == "another"
            wait_until("it is logged", lambda: "ValueError" in caplog.text)
        assert "unforeseen" not in caplog.text
        wait_until("it begins anew", lambda: is_live(channel) and thread_of(channel) is not thread)
        other.set("key", 1)
        assert waiter.result() == 1


@pytest.mark.usefixtures("fresh")
def test_who_comes_while_the_thread_ends(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told of what changes afterwards."""
    channel = RedisChannel("test", url=redis_url)
    is_over = pushes_for(channel)._is_over
    decided, ends = threading.Event(), threading.Event()

    def is_over_slowly() -> bool:
        over = is_over()
        if over:
            decided.set()
            assert ends.wait(PATIENCE)
        return over

    monkeypatch.setattr(pushes, "_LINGER", 0.0)
    monkeypatch.setattr(pushes_for(channel), "_is_over", is_over_slowly)
    with channel.watch(start=False):
        wait_until("the server pushes", partial(is_live, channel))
        thread = thread_of(channel)
    assert thread is not None
    assert decided.wait(PATIENCE)
    waiter = Waiter(partial(channel.wait_for, "key"))
    wait_until("it listens", lambda: channel.backend.signals().has_listeners)
    ends.set()
    thread.join(PATIENCE)
    RedisChannel("test", url=redis_url).set("key", 1)
    assert waiter.result() == 1


@pytest.mark.usefixtures("fresh")
def test_who_comes_just_before_the_thread_ends(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Has found it live, so it stays."""
    channel = RedisChannel("test", url=redis_url)
    has_listeners, comes = pushes_for(channel)._has_listeners, threading.Event()
    waiters = list[Waiter]()

    def has_listeners_late() -> bool:
        has = has_listeners()
        if not has and comes.is_set():
            comes.clear()
            waiters.append(Waiter(partial(channel.wait_for, "key")))
            wait_until("it listens", lambda: channel.backend.signals().has_listeners)
        return has

    monkeypatch.setattr(pushes, "_LINGER", 0.0)
    monkeypatch.setattr(pushes_for(channel), "_has_listeners", has_listeners_late)
    with channel.watch(start=False):
        wait_until("the server pushes", partial(is_live, channel))
        thread = thread_of(channel)
        comes.set()
    wait_until("somebody has come", lambda: bool(waiters))
    wait_until("the server pushes", partial(is_live, channel))
    assert thread_of(channel) is thread
    RedisChannel("test", url=redis_url).set("key", 1)
    assert waiters[0].result() == 1


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("where", "what", "error"),
    [
        (socket, "socketpair", OSError(errno.EMFILE, "Too many open files")),
        (selectors, "DefaultSelector", OSError(errno.EMFILE, "Too many open files")),
        (threading.Thread, "start", RuntimeError("can't start new thread")),
    ],
)
def test_a_system_that_has_no_more(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, where: Any, what: str, error: Exception
) -> None:
    """Files or threads: whoever waits asks again and again, and hears later on."""
    channel, other = (RedisChannel("test", url=redis_url) for _ in range(2))
    other.set("there", 1)
    with monkeypatch.context() as full:
        full.setattr(where, what, Mock(side_effect=error))
        assert channel.pop("list", timeout=0.01) is None
        assert channel.wait_for("there", timeout=PATIENCE) == 1
        with pytest.raises(ChannelTimeoutError):
            channel.wait_for("key", timeout=0.01)
        assert not is_live(channel)
    assert not channel.backend.signals().has_listeners
    waiter = Waiter(partial(channel.wait_for, "key"))
    wait_until("the server pushes", partial(is_live, channel))
    other.set("key", 1)
    assert waiter.result() == 1


CHANGES = 2_000
CUTS = 20
MANY_CHANGES = 100_000 * LONGER
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
def test_nobody_misses_one_of_many_changes(servers: Callable[[str], Server]) -> None:
    """In many more, and a million in `make conformance-long`; on the newest server."""
    try_cuts(servers("valkey-9"), MANY_CHANGES, MANY_CUTS)

"""Copies of a change that the network delivers when nobody counts on them any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from graflow.channels.backend import Add, Pop, Push
from graflow.channels.redis.server_clock import clock_of
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.transactions import Transaction
from graflow.exceptions import OutcomeUnknownError
from tests.channels.fencing import fenced, put_fence
from tests.proxy import HoldingProxy, url_of
from tests.servers import Server
from tests.servers.server import wait_until

BEFORE: dict[str, object] = {"pair": [1, 2], "sum": 1, "old": 1}
CHANGES: list[Callable[[RedisChannel], object]] = [
    lambda c: c.set("key", 1),
    lambda c: c.set("key", 1, ttl=9),
    lambda c: c.set_many({"key": 1, "list": [1]}),
    lambda c: c.append("list", 1),
    lambda c: c.prepend("list", 1),
    lambda c: c.pop("pair"),
    lambda c: c.atomic_add("sum", 5),
    lambda c: c.atomic_add("sum", 0.5),
    lambda c: c.delete("old"),
    lambda c: c.update("sum", lambda number: number + 1),
    lambda c: c.backend.acquire("lock", "somebody", 60_000),
    lambda c: c.backend.release("lock", "holder"),
    lambda c: c.clear(),
    lambda c: c.add("new", [1], ttl=9),
    lambda c: c.set("old", 2, if_etag=c.entry("old").etag),
    lambda c: c.touch("old", 9),
    lambda c: c.persist("old"),
    lambda c: c.transact(blind),
    lambda c: c.transact(move),
    lambda c: c.backend.commit((), (Pop("pair"), Push("list", b"1"), Add("sum", 2**70))),
    lambda c: fenced(c).append("list", 1),
    lambda c: fenced(c).transact(move),
]


def blind(tx: Transaction) -> None:
    """Change several keys without reading any."""
    tx.append("list", 1)
    tx.atomic_add("sum", 5)
    tx.delete("old")


def move(tx: Transaction) -> None:
    """Change what was read."""
    tx.set("sum", tx.get("sum") + 1)
    tx.append("list", tx.pop("pair"))


@pytest.fixture
def network(server: Server) -> Iterator[HoldingProxy]:
    """A network between the channel and its server."""
    with HoldingProxy(server) as network:
        yield network


@pytest.fixture
def channel(network: HoldingProxy, redis_client: redis.Redis) -> Iterator[RedisChannel]:
    """A channel behind the network, which knows its server's clock."""
    with RedisChannel("c", url=url_of(network), timeout=1) as channel:
        channel.set("warm up", 1)
        yield channel


@pytest.fixture
def direct(redis_client: redis.Redis) -> RedisChannel:
    """The channel by a way on which nothing is held."""
    channel = RedisChannel("c", redis_client)
    put_fence(channel)
    return channel


def content(channel: RedisChannel) -> dict[str, object]:
    """Return all that a channel holds, and who has the lock."""
    lock: Any = channel.backend.acquire("lock", "holder", 60_000)
    return {**channel.get_many(channel.keys()), "holder": lock}


def forget(client: redis.Redis) -> None:
    """Let the server forget the changes that it has answered, as it does after their deadlines."""
    for slot in client.scan_iter(match="graflow:*:t:*"):
        client.delete(slot)


def wait_for_deadlines(client: redis.Redis, network: HoldingProxy) -> None:
    """Wait until the deadline of all that is held is over on the server's clock."""
    time: Any = client.time
    wait_until("the deadlines are over", lambda: time()[0] > network.deadline)


def test_a_copy_that_comes_after_minutes_does_nothing(
    network: HoldingProxy, channel: RedisChannel, direct: RedisChannel, redis_client: redis.Redis
) -> None:
    """Its change was answered on another way, and the server has forgotten that since."""
    for change in CHANGES:
        direct.set_many(BEFORE)
        network.to_hold = 1
        change(channel)
    direct.clear()
    direct.set_many(BEFORE)
    before = content(direct)
    assert len(network.held) == len(CHANGES)
    forget(redis_client)
    wait_for_deadlines(redis_client, network)
    network.deliver()
    assert content(direct) == before


def test_what_was_given_up_does_not_happen_later(
    network: HoldingProxy, channel: RedisChannel, direct: RedisChannel, redis_client: redis.Redis
) -> None:
    """Who was told that the outcome is unknown, and looked, need not look again."""
    changes = (CHANGES[0], CHANGES[3])
    for change in changes:
        change(direct)  # so that the server knows the scripts
    direct.clear()
    direct.set_many(BEFORE)
    before = content(direct)
    network.to_hold = 1_000
    for change in changes:
        with pytest.raises(OutcomeUnknownError):
            change(channel)
    network.to_hold = 0
    wait_for_deadlines(redis_client, network)
    assert all(reply.startswith(b"-LATE") for reply in network.deliver())
    assert content(direct) == before


def test_a_copy_in_time_is_as_good_as_any(
    network: HoldingProxy, channel: RedisChannel, direct: RedisChannel
) -> None:
    """The change happens with the first that arrives, and not again with the others."""
    network.to_hold = 1
    assert channel.append("list", 1) == 1
    assert direct.append("list", 2) == 2
    assert network.deliver() == [b":1\r\n"]
    assert direct.get("list") == [1, 2]


def put_back(channel: RedisChannel, seconds: float) -> None:
    """Let the channel believe that its server's clock is as much behind."""
    clock_of(channel.backend._primitives.transport.server)._ahead -= seconds


def test_a_process_that_stood_still_learns_the_time_anew(channel: RedisChannel) -> None:
    """As on a laptop that was asleep: what it sends is late by its own count, and happens once."""
    put_back(channel, 3_600)
    assert channel.append("list", 1) == 1
    put_back(channel, 3_600)
    channel.set("key", 1)
    assert channel.append("list", 2) == 2


def test_an_answer_is_kept_until_the_deadline(
    channel: RedisChannel, direct: RedisChannel, redis_client: redis.Redis
) -> None:
    """And no longer, lest a server is full of them."""
    for change in CHANGES:
        direct.set_many(BEFORE)
        change(channel)
    slots = list(redis_client.scan_iter(match="graflow:*:t:*"))
    assert slots
    assert all(0 < int(redis_client.pttl(slot)) <= 4_000 for slot in slots)


def test_a_change_that_may_have_happened_gets_no_second_deadline(
    network: HoldingProxy, channel: RedisChannel
) -> None:
    """By the time the server says that it is late, it may have forgotten that it did it."""
    put_back(channel, 3_600)
    network.to_hold = 1
    with pytest.raises(OutcomeUnknownError, match="LATE"):
        channel.append("list", 1)
    assert channel.append("list", 2) == 1

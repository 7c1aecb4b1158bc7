"""Items of some MB that are popped: once, and without staying in the server's memory."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.testing import Fault
from tests.proxy import HoldingProxy, run_proxy, url_of
from tests.servers import Server

LARGE = "x" * 5_000_000


@pytest.fixture
def direct(redis_client: redis.Redis) -> RedisChannel:
    """A channel with two large items and a small one, by a way on which no reply is lost."""
    channel = RedisChannel("c", redis_client)
    channel.set("list", [LARGE, LARGE + "y", "z"])
    return channel


def remembered(client: Any) -> int:
    """Return how many bytes the server keeps of what it answered."""
    return sum(client.strlen(slot) for slot in client.scan_iter(match="graflow:*:t:*"))


def test_a_popped_item_is_forgotten(redis_client: redis.Redis, direct: RedisChannel) -> None:
    """As soon as it has arrived, also by a typed channel."""
    assert direct.pop("list") == LARGE
    assert remembered(redis_client) < 10_000
    assert TypedChannel(direct, str).pop("list") == LARGE + "y"
    assert remembered(redis_client) < 10_000
    assert direct.pop("list") == "z"


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("lost", [1, 2])
def test_a_popped_item_whose_reply_was_lost_is_told_again(
    server: Server, direct: RedisChannel, redis_client: redis.Redis, fault: Fault, lost: int
) -> None:
    """From what the server remembers until it has arrived."""
    with (
        run_proxy(server, fault) as proxy,
        RedisChannel("c", url=url_of(proxy), socket_timeout=0.3, timeout=20) as channel,
    ):
        channel.set("warm up", 1)
        proxy.faults = lost
        assert channel.pop("list") == LARGE
        assert proxy.lost == lost
    assert remembered(redis_client) < 10_000
    assert direct.get("list") == [LARGE + "y", "z"]


def test_a_reply_that_is_lost_after_the_item_came_does_no_harm(
    server: Server, direct: RedisChannel
) -> None:
    """The server keeps the item a while, and the next pop gives the next item."""
    with run_proxy(server) as proxy, RedisChannel("c", url=url_of(proxy)) as channel:
        channel.set("warm up", 1)
        proxy.spared, proxy.faults = 1, 1
        assert channel.pop("list") == LARGE
        assert proxy.lost == 1
        assert channel.pop("list") == LARGE + "y"
    assert direct.get("list") == ["z"]


def test_a_copy_that_comes_after_the_item_was_forgotten_does_nothing(
    server: Server, direct: RedisChannel
) -> None:
    """The server still knows that the item was popped."""
    with HoldingProxy(server) as network, RedisChannel("c", url=url_of(network)) as channel:
        channel.set("warm up", 1)
        network.to_hold = 1
        assert channel.pop("list") == LARGE
        assert network.deliver() == [b"$-1\r\n"]
    assert direct.get("list") == [LARGE + "y", "z"]

"""Values, lists and batches that are large: they work, or are refused with a clear limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelServerError, ChannelValueError, OutcomeUnknownError
from tests.servers import SERVERS, Server


@pytest.fixture(params=["memory", *SERVERS])
def channel(
    request: pytest.FixtureRequest, servers: Callable[[str], Server]
) -> Iterator[MemoryChannel | RedisChannel]:
    """An empty channel that waits as long as large things take on a busy machine."""
    if request.param == "memory":
        yield MemoryChannel()
        return
    with RedisChannel("big", url=servers(request.param).url, timeout=60) as channel:
        yield channel
        channel.clear()


def test_a_value_of_100_mb(channel: Channel) -> None:
    """It is stored, read and replaced like any other."""
    value = "x" * 100_000_000
    channel.set("key", value)
    assert channel.get("key") == value
    channel.set("key", 1)
    assert channel.get("key") == 1


def test_a_list_of_1_000_000_items(channel: Channel) -> None:
    """One write may be that long at most on a server; appending goes on beyond."""
    items = list(range(999_999))
    channel.set("list", items)
    assert channel.append("list", 999_999) == 1_000_000
    assert channel.append("list", 1_000_000) == 1_000_001
    assert channel.pop("list") == 0
    items = channel.get("list")
    assert items == list(range(1, 1_000_001))
    if isinstance(channel, RedisChannel):
        with pytest.raises(ChannelValueError, match="1,000,000"):
            channel.set("list", [*items, 1])
        assert channel.get("list") == items


def test_a_batch_of_100_000_keys(channel: Channel) -> None:
    """It is written at one moment, listed and cleared."""
    batch = {f"key {number}": number for number in range(100_000)}
    seen: set[int] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(len(channel.keys()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    channel.set_many(batch)
    done.set()
    watcher.join()
    assert seen <= {0, 100_000}
    assert channel.get_many(batch) == batch
    channel.clear()
    assert channel.keys() == []


def test_what_a_server_does_not_take_is_refused(redis_client: redis.Redis) -> None:
    """A value above its `proto-max-bulk-len` is an error, nothing changed, the channel goes on."""
    channel = RedisChannel("big", redis_client)
    channel.set("key", 1)
    before = redis_client.config_get("proto-max-bulk-len")
    redis_client.config_set("proto-max-bulk-len", 1_048_576)
    try:
        with pytest.raises((ChannelServerError, OutcomeUnknownError)):  # it may hang up unread
            channel.set("key", "x" * 2_000_000)
        assert channel.get("key") == 1
    finally:
        redis_client.config_set("proto-max-bulk-len", str(before["proto-max-bulk-len"]))

"""Values, lists and batches that are large: they work, or are refused with a clear limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis import commit_command, primitives
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelValueError
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


@pytest.mark.needs_system
def test_a_value_of_100_mb(channel: Channel) -> None:
    """It is stored, read and replaced like any other."""
    value = "x" * 100_000_000
    channel.set("key", value)
    assert channel.get("key") == value
    channel.set("key", 1)
    assert channel.get("key") == 1


@pytest.mark.needs_system
@pytest.mark.timeout(600)  # a busy machine takes long for it
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
    assert len(channel.update("list", lambda found: found[1:] if found == items else [])) == 999_999
    assert channel.pop("list") == 2


def test_an_update_of_a_long_list_starts_over_if_someone_wrote(
    redis_client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the list is too long to be sent along for comparison."""
    monkeypatch.setattr(commit_command, "MAX_PARTS", 4_000)
    channel = RedisChannel("long", url=redis_url)
    channel.set("list", list(range(2_500)))
    calls = 0

    def change(items: list[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            channel.pop("list")
            channel.append("list", 7)  # as long as before
        return [-1, *items]

    assert channel.update("list", change)[:3] == [-1, 1, 2]
    assert calls == 2
    assert channel.get("list")[-2:] == [2_499, 7]


def test_a_list_that_is_too_long_to_read_is_refused_with_its_size(
    redis_client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not after a time in which the server did nothing else; popping goes on."""
    monkeypatch.setattr(primitives, "_MAX_READ", 5_000)
    monkeypatch.setattr(primitives, "_MAX_READ_TOGETHER", 5_000)
    channel = RedisChannel("long", url=redis_url)
    channel.set("list", [1] * 5_000)
    assert len(channel.get("list")) == 5_000
    assert len(channel.get_many(["list"])["list"]) == 5_000
    channel.append("list", 2)
    with pytest.raises(
        ChannelValueError, match=r"'list' has 5,001 items or more, .* pop"
    ) as caught:
        channel.get("list")
    assert (caught.value.channel, caught.value.key) == ("long", "list")
    with pytest.raises(ChannelValueError, match=r"the lists have 5,001 .* one list at a time"):
        channel.get_many(["none", "list"])
    assert channel.pop("list") == 1


@pytest.mark.needs_system
def test_a_long_list_is_read_as_of_one_moment(redis_client: redis.Redis, redis_url: str) -> None:
    """Whatever takes its place meanwhile: another one, a single value, nothing."""
    states: list[object] = [[1] * 3_000, "single", [2] * 4_000, [3]]
    done = threading.Event()
    channel, other = (RedisChannel("long", url=redis_url, timeout=60) for _ in range(2))

    def write() -> None:
        while not done.is_set():
            for state in states:
                other.set("key", state)
            other.delete("key")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            found = channel.get("key", "missing")
            assert found in [*states, "missing"]
    finally:
        done.set()
        writer.join()


@pytest.mark.needs_system
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
    try:
        channel.set_many(batch)
    finally:
        done.set()
        watcher.join()
    assert seen <= {0, 100_000}
    assert channel.get_many(batch) == batch
    channel.clear()
    assert channel.keys() == []


def test_what_a_server_does_not_take_is_refused(redis_client: redis.Redis) -> None:
    """A value above its `proto-max-bulk-len` is an error, nothing changed, the channel goes on."""
    channel = RedisChannel("refused", redis_client)
    channel.set("key", 1)
    before = redis_client.config_get("proto-max-bulk-len")
    redis_client.config_set("proto-max-bulk-len", 1_048_576)
    try:
        with pytest.raises(ChannelValueError, match="proto-max-bulk-len"):
            channel.set("key", "x" * 2_000_000)
        assert channel.get("key") == 1
    finally:
        redis_client.config_set("proto-max-bulk-len", str(before["proto-max-bulk-len"]))

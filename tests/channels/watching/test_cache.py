"""`RedisChannel(cache=True)`: reads from memory that are never older than what was read before."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import redis

from graflow.channels.backend import Held
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.channels.watching import read_cache
from graflow.channels.watching.cached_backend import CachedBackend
from graflow.channels.watching.read_cache import ReadCache
from graflow.exceptions import ChannelTypeError, ChannelUnavailableError, ChannelValueError
from graflow.system.clock import monotonic
from tests.servers import Server
from tests.servers.server import wait_until


@pytest.fixture
def cached(redis_url: str) -> Iterator[RedisChannel]:
    """A channel with a cache, of which every change is told."""
    with RedisChannel("test", url=redis_url, cache=True) as channel:
        wait_until("the server pushes", lambda: channel.backend.signals().is_live)
        yield channel


@pytest.fixture
def other(redis_url: str) -> Iterator[RedisChannel]:
    """Another handle, without a cache."""
    with RedisChannel("test", url=redis_url) as channel:
        yield channel


def cache_of(channel: RedisChannel) -> ReadCache:
    """Return the cache of a channel."""
    backend: Any = channel.backend
    assert isinstance(backend, CachedBackend)
    return backend.cache


def until_told(channel: RedisChannel) -> None:
    """Wait until the server has told of all that was done before."""
    told = list[str]()
    subscription = channel.backend.signals().subscribe(lambda keys: told.extend(keys or ()))
    channel.set("marker", 1)
    wait_until("the last change is told", lambda: "marker" in told)
    subscription.close()


def keep(channel: RedisChannel, key: str, value: Any) -> None:
    """Store a value, and have the cache keep it.

    The server tells of each change, of the handle's own ones too, a moment after it has answered;
    what was read until then is not kept.
    """
    channel.set(key, value, ttl=60)
    until_told(channel)
    assert channel.get(key) == value
    assert cache_of(channel).look([key]) is not None


def holds(channel: RedisChannel, number: int) -> bool:
    """Tell whether a handle reads this number."""
    return bool(channel.get("key") == number)


def reads(client: redis.Redis) -> int:
    """Return how many scripts the server has run, and keys looked for."""
    stats: Any = client.info("commandstats")
    names = ("cmdstat_evalsha", "cmdstat_exists")
    return sum(stats[name]["calls"] for name in names if name in stats)


def test_an_unchanged_key_is_read_once(cached: RedisChannel, redis_client: redis.Redis) -> None:
    """By `get`, `get_many` and `exists`; whoever gets a list may change it."""
    cached.set("list", [1])
    cached.append("items", 2)
    until_told(cached)
    cached.get_many(["list", "items", "missing"])
    before = reads(redis_client)
    for _ in range(3):
        cached.get("items").append(3)
        assert cached.get("list") == [1]
        assert cached.get_many(["list", "items", "missing"]) == {"list": [1], "items": [2]}
        assert TypedChannel(cached, list[int]).get("list") == [1]
        assert cached.exists("list")
        assert "missing" not in cached
    assert reads(redis_client) == before


def test_a_change_of_another_handle_is_seen(cached: RedisChannel, other: RedisChannel) -> None:
    """As soon as the server has told of it."""
    for number in range(50):
        other.set("key", number)
        wait_until("it is seen", partial(holds, cached, number))
    other.delete("key")
    wait_until("it is gone", lambda: not cached.exists("key"))


def test_own_changes_are_seen_at_once(cached: RedisChannel) -> None:
    """Whichever operation makes them."""
    for number in range(200):
        cached.set("key", number)
        assert cached.get("key") == number
    assert cached.atomic_add("key") == 200
    assert cached.get("key") == 200
    cached.transact(lambda tx: tx.set("key", tx.get("key") + 1))
    assert cached.get("key") == 201
    cached.update("key", lambda old: old + 1)
    assert cached.get("key") == 202
    cached.set_many({"key": 1})
    assert cached.get("key") == 1
    cached.append("items", 1)
    assert cached.get("items") == [1]
    assert cached.pop("items") == 1
    assert cached.get("items") is None
    assert cached.get("key") == 1
    cached.clear()
    assert cached.get("key") is None


def test_whoever_decides_reads_the_store(cached: RedisChannel, other: RedisChannel) -> None:
    """Not what the cache holds, which may be older."""
    cache = cache_of(cached)
    for number in range(100):
        other.set("key", number)
        assert cached.entry("key").value == number
        assert cached.get("key") == number  # no older than what was read before
        other.set("key", -1)
        assert cached.transact(lambda tx: tx.get("key")) == -1
        assert cached.get("key") == -1
        assert cached.update("key", lambda old: old - 1) == -2
        assert cached.wait_for("key", timeout=0) == -2
        assert "key" not in cache._known or cached.get("key") == -2


def test_what_is_read_while_it_changes_is_not_kept(cached: RedisChannel) -> None:
    """Since nobody would tell of that change any more."""
    cache, held = cache_of(cached), cached.backend.read(("none",))
    reading = cache.begin(["key", "quiet"])
    cache.drop(["key"])
    cache.keep(reading, ["key", "quiet"], [*held, *held])
    assert cache.look(["key"]) is None
    assert cache.look(["quiet"]) == [None]
    reading = cache.begin(["key"])
    cache.drop(None)
    cache.keep(reading, ["key"], held)
    assert cache.look(["key"]) is None


def test_who_reads_at_once_keeps_the_same_or_nothing(cached: RedisChannel) -> None:
    """As nobody knows whose answer is the older one; and nobody gets that after the newer."""
    cache, old, new = cache_of(cached), [Held(b"1", None)], [Held(b"2", None)]
    late, early = cache.begin(["key"]), cache.begin(["key"])
    cache.keep(late, ["key"], new)
    assert cache.look(["key"]) == [b"2"]
    cache.keep(early, ["key"], old)
    assert cache.look(["key"]) is None

    late, early = cache.begin(["key"]), cache.begin(["key"])
    cache.keep(early, ["key"], new)
    cache.keep(late, ["key"], new)
    assert cache.look(["key"]) == [b"2"]

    early = cache.begin(["key"])
    cache.keep(cache.begin(["key", "other"]), ["key", "other"], [Held(b"3", None), None])
    assert cache.look(["key"]) is None
    cache.keep(early, ["key"], new)
    assert cache.look(["key"]) is None


def test_a_read_that_a_change_overtook_lets_no_other_keep(cached: RedisChannel) -> None:
    """Who may have read before it."""
    cache = cache_of(cached)
    overtaken = cache.begin(["key"])
    cache.drop(["key"])
    other = cache.begin(["key"])
    cache.keep(overtaken, ["key"], [Held(b"2", None)])
    cache.keep(other, ["key"], [Held(b"1", None)])
    assert cache.look(["key"]) is None


def test_a_read_that_fails_is_over(cached: RedisChannel) -> None:
    """Nothing of it stays in memory."""
    cache = cache_of(cached)
    reading = cache.begin(["key"])
    with pytest.raises(KeyError), cache.reading(["key", "other"]):
        raise KeyError
    assert list(cache._begun) == ["key"]
    cache.keep(reading, ["key"], [None])
    assert cache.look(["key"]) == [None]


def test_nothing_survives_a_lost_connection(
    cached: RedisChannel, other: RedisChannel, redis_client: Any
) -> None:
    """Nor is anything served from memory until there is another one."""
    cache = cache_of(cached)
    keep(cached, "key", 1)
    for _ in range(20):
        redis_client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        other.atomic_add("key")
        wait_until("it is seen", lambda: cached.get("key") == other.get("key"))
        wait_until("it is kept again", lambda: cached.get("key") and len(cache) == 1)


def test_a_key_expires_in_the_cache(
    cached: RedisChannel, other: RedisChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its time is over, even if the server has not told of that."""
    keep(cached, "key", 1)
    cache_of(cached)._subscription.close()  # nobody tells
    other.delete("key")
    assert cached.get("key") == 1
    monkeypatch.setattr(read_cache, "monotonic", lambda: monotonic() + 60)
    assert cached.get("key") is None


def test_the_cache_is_bounded(redis_url: str) -> None:
    """By the number of keys: those that were used last stay."""
    with RedisChannel("test", url=redis_url, cache=2) as channel:
        wait_until("the server pushes", lambda: channel.backend.signals().is_live)
        channel.set_many({"a": 1, "b": 2, "c": 3})
        until_told(channel)
        for key in ("a", "b", "a", "c"):
            channel.get(key)
        assert len(cache_of(channel)) == 2
        assert cache_of(channel).look(["b"]) is None
        assert cache_of(channel).look(["a", "c"]) is not None


def test_a_pickled_handle_has_a_cache_of_its_own(cached: RedisChannel) -> None:
    """With as many keys."""
    keep(cached, "key", 1)
    with pickle.loads(pickle.dumps(cached)) as copy:
        assert copy.get("key") == 1
        assert cache_of(copy).most == cache_of(cached).most
        assert cache_of(copy) is not cache_of(cached)


def test_a_closed_handle_reads_nothing(cached: RedisChannel) -> None:
    """Not from its cache either, of which nothing is left."""
    keep(cached, "key", 1)
    signals = cached.backend.signals()
    cached.close()
    with pytest.raises(ChannelUnavailableError):
        cached.get("key")
    assert not signals.has_listeners


def test_flushed_keys_are_gone(cached: RedisChannel, redis_client: redis.Redis) -> None:
    """Though the server names none of them."""
    keep(cached, "key", 1)
    redis_client.flushdb()
    wait_until("it is gone", lambda: cached.get("key") is None)


@pytest.mark.parametrize(
    ("cache", "error"), [("yes", ChannelTypeError), (0, ChannelValueError), (-1, ChannelValueError)]
)
def test_sizes_that_are_none(server: Server, cache: Any, error: type[Exception]) -> None:
    """A number of keys is at least 1."""
    with pytest.raises(error):
        RedisChannel("test", url=server.url, cache=cache)

"""Channels on a server: what is particular to them."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
import redis
import redis.asyncio

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import (
    ChannelDataError,
    ChannelPermissionError,
    ChannelServerError,
    ChannelTypeError,
    ChannelUnavailableError,
    ChannelValueError,
)
from tests.servers import Server


def test_plain_values_are_readable_with_any_client(redis_client: redis.Redis) -> None:
    """A value is JSON text under `GET`, a list of them under `LRANGE`."""
    channel = RedisChannel("orders", redis_client)
    channel.set("user", {"name": "Zoë", "age": 30})
    channel.append("log", "first")
    channel.append("log", {"n": 2})
    text: Any = redis_client.get("graflow:{orders}:k:user")
    assert json.loads(text) == {"name": "Zoë", "age": 30}
    items = redis_client.lrange("graflow:{orders}:k:log", 0, -1)
    assert [json.loads(item) for item in items] == ["first", {"n": 2}]


@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "text"])
def test_a_client_is_used_as_it_is(server: Server, redis_client: redis.Redis, decode: bool) -> None:
    """With `decode_responses` or without, and it is neither changed nor closed."""
    with redis.Redis.from_url(server.url, decode_responses=decode) as client:
        before = dict(client.connection_pool.connection_kwargs)
        with RedisChannel("channel", client) as channel:
            channel.set("key", {"é": b"\xff"})
            channel.append("list", 1)
            assert channel.get("key") == {"é": b"\xff"}
            assert channel.get_many(["key", "list"]) == {"key": {"é": b"\xff"}, "list": [1]}
            assert sorted(channel.keys()) == ["key", "list"]
            with channel.lock("key"):
                pass
        assert client.ping()
        assert RedisChannel("channel", client).exists("key")
        assert client.connection_pool.connection_kwargs == before


def test_a_single_connection_serves_as_well(server: Server, redis_client: redis.Redis) -> None:
    """A client that has no pool to itself says where the server is all the same."""
    with redis.Redis.from_url(server.url, single_connection_client=True) as client:
        channel = RedisChannel("channel", client)
        channel.append("list", 1)
        assert channel.pop("list") == 1


def test_nothing_is_left_of_a_channel_whose_keys_have_expired(redis_client: redis.Redis) -> None:
    """The index goes with the last key, and what writes remember has an end as well."""
    channel = RedisChannel("short", redis_client)
    channel.set("a", 1, ttl=100)
    channel.append("b", 1, ttl=200)
    channel.set("c", 1)
    assert redis_client.pttl("graflow:{short}:i") == -1
    channel.delete("c")
    channel.set("a", 2, ttl=50)
    assert 0 < redis_client.pttl("graflow:{short}:i") <= 200_000
    assert all(redis_client.pttl(key) > 0 for key in redis_client.keys("*"))


def test_a_handle_is_pickled_with_its_server(redis_client: redis.Redis, redis_url: str) -> None:
    """Made from a URL or from a client, with the same database."""
    url = redis_url.removesuffix("/0") + "/3"
    with redis.Redis.from_url(url, decode_responses=True) as client:
        for channel in (RedisChannel("x y", url=url), RedisChannel("x y", client)):
            copy = pickle.loads(pickle.dumps(channel))
            copy.set("key", (1,))
            assert channel.pop("none") is None
            assert channel.get("key") == (1,)
            assert copy.name == "x y"
            assert client.exists("graflow:{x%20y}:k:key")
            channel.delete("key")
            copy.close()


def test_closing_a_handle_leaves_the_others_alone(
    redis_client: redis.Redis, redis_url: str
) -> None:
    """Handles share connections, and a closed one says that it is closed."""
    before = redis_client.info("clients")["connected_clients"]  # of tests that are over
    handles = [RedisChannel("channel", url=redis_url) for _ in range(100)]
    for number, handle in enumerate(handles):
        handle.set("key", number)
    assert redis_client.info("clients")["connected_clients"] < before + 10
    handles[0].close()
    assert handles[1].get("key") == 99
    with pytest.raises(ChannelUnavailableError, match="closed"):
        handles[0].get("key")


def test_arguments_that_can_not_be_are_refused(redis_client: redis.Redis, redis_url: str) -> None:
    """Each with an error that names it."""
    with pytest.raises(ChannelTypeError, match="colour"):
        RedisChannel("c", url=redis_url, colour="red")
    with pytest.raises(ChannelTypeError, match="colour"):
        RedisChannel("c", colour="red")
    with pytest.raises(ChannelTypeError, match="url"):
        RedisChannel("c", redis_client, url=redis_url)
    with pytest.raises(ChannelTypeError, match="asyncio"):
        RedisChannel("c", redis.asyncio.Redis())
    with pytest.raises(ChannelTypeError, match="dict"):
        RedisChannel("c", {})
    with pytest.raises(ChannelValueError):
        RedisChannel("c", url="http://127.0.0.1")
    with pytest.raises(ChannelValueError, match="timeout"):
        RedisChannel("c", timeout=1000)
    with pytest.raises(ChannelValueError):
        RedisChannel("")


def test_scripts_that_the_server_forgot_are_sent_again(redis_client: redis.Redis) -> None:
    """A flush of the scripts is not noticed."""
    channel = RedisChannel("c", redis_client)
    channel.append("list", 1)
    redis_client.script_flush()
    assert channel.append("list", 2) == 2


def test_what_others_wrote_under_our_keys_is_reported(redis_client: redis.Redis) -> None:
    """A foreign type or text is an error with channel and key, never a default."""
    channel = RedisChannel("c", redis_client)
    redis_client.hset("graflow:{c}:k:hash", "field", 1)
    redis_client.set("graflow:{c}:k:text", b"\xff\xfe")
    for key in ("hash", "text"):
        with pytest.raises(ChannelDataError) as caught:
            channel.get(key, "default")
        assert (caught.value.channel, caught.value.key) == ("c", key)
    with pytest.raises(ChannelDataError):
        channel.get_many(["hash"])


def test_refusals_of_the_server_come_with_advice(server: Server, redis_client: redis.Redis) -> None:
    """Out of memory, and a user without rights, inside a script as well."""
    channel = RedisChannel("c", redis_client)
    channel.set("key", 1)
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(ChannelServerError, match="out of memory"):
            channel.append("list", 1)
        assert channel.get("key") == 1
    finally:
        redis_client.config_set("maxmemory", 0)
    rights = ["+@all", "-rpush", "-lpush"]
    redis_client.acl_setuser("guest", True, passwords=["+pw"], keys=["*"], commands=rights)
    url = server.url.replace("redis://", "redis://guest:pw@")
    with RedisChannel("c", url=url) as guest:
        assert guest.get("key") == 1
        with pytest.raises(ChannelPermissionError):
            guest.set("list", [1])
    redis_client.acl_deluser("guest")
    stranger = RedisChannel("c", url=url, timeout=1)
    with pytest.raises(ChannelUnavailableError, match="password"):
        stranger.get("key")

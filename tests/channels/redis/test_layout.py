"""The keys on a server, and other programs that read, write and delete them."""

from __future__ import annotations

import json

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel


@pytest.fixture
def channel(redis_client: redis.Redis, redis_url: str) -> RedisChannel:
    """An empty channel whose name and keys look odd on the server."""
    return RedisChannel("a:b", url=redis_url)


def test_a_key_that_something_else_removed_can_be_deleted(
    redis_client: redis.Redis, channel: RedisChannel
) -> None:
    """It was not there, and it is not listed any more."""
    channel.set_many({"gone": 1, "there": 2})
    redis_client.delete("graflow:{a%3Ab}:k:gone")
    assert channel.get("gone") is None
    assert not channel.exists("gone")
    assert not channel.delete("gone")
    assert channel.keys() == ["there"]
    assert channel.delete("there")
    assert redis_client.zcard("graflow:{a%3Ab}:i") == 0


def test_what_the_channel_writes_others_read(
    redis_client: redis.Redis, channel: RedisChannel
) -> None:
    """JSON text, and lists of it."""
    channel.set("value", {"n": 1})
    channel.set("list", [1, "two"])
    channel.set("empty", [])
    where = "graflow:{a%3Ab}:k:"
    assert redis_client.get(where + "value") == b'{"n":1}'
    assert redis_client.lrange(where + "list", 0, -1) == [b"1", b'"two"']
    assert redis_client.get(where + "empty") == b"[]"


def test_what_others_write_the_channel_reads(
    redis_client: redis.Redis, channel: RedisChannel
) -> None:
    """With its entry in the index it is a key like any other, without one it is not listed."""
    where = "graflow:{a%3Ab}:k:"
    redis_client.set(where + "value", json.dumps({"n": 1}))
    assert channel.get("value") == {"n": 1}
    assert channel.exists("value")
    assert channel.keys() == []
    with redis_client.pipeline(transaction=True) as pipe:
        pipe.rpush(where + "list", json.dumps(1), json.dumps("two"))
        pipe.zadd("graflow:{a%3Ab}:i", {"list": "inf", "value": "inf"})
        pipe.persist("graflow:{a%3Ab}:i")
        pipe.execute()
    assert sorted(channel.keys()) == ["list", "value"]
    assert channel.append("list", 3) == 3
    channel.clear()
    assert redis_client.keys(where + "*") == []


def test_a_push_by_others_needs_no_entry_if_there_is_one(
    redis_client: redis.Redis, channel: RedisChannel
) -> None:
    """A queue that the channel made can be filled and emptied by any program."""
    channel.append("queue", 1)
    redis_client.rpush("graflow:{a%3Ab}:k:queue", json.dumps({"job": 2}))
    assert redis_client.lpop("graflow:{a%3Ab}:k:queue") == b"1"
    assert channel.pop("queue") == {"job": 2}
    assert channel.keys() == []

"""Keys as they are found, and the names of the channels beside one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelTypeError, ChannelValueError
from tests.backends import Backend, MemoryBackend

MANY = 2_500
"""More keys than one step lists, on any backend."""


def fill(channel: Channel, count: int, ttl: float | None = None) -> set[str]:
    """Store so many keys."""
    values = {f"key:{number}": number for number in range(count)}
    channel.set_many(values, ttl)
    return set(values)


def test_each_key_comes_once(channel: Channel) -> None:
    """Many as well as few, whatever they hold and whether they expire."""
    assert list(channel.iter_keys()) == []
    channel.append("list", 1)
    assert list(channel.iter_keys()) == ["list"]
    stored = fill(channel, MANY) | fill(channel, MANY // 2, ttl=60)
    assert sorted(channel.iter_keys()) == sorted({"list", *stored})
    assert sorted(TypedChannel(channel, int).iter_keys()) == sorted({"list", *stored})


def test_keys_of_a_prefix_are_those_that_begin_with_it(channel: Channel) -> None:
    """Whatever stands in it, patterns of servers and a NUL included."""
    names = ["a", "ab", "a*", "a*b", "a?", "a[b]", "a\\b", "a^-", "é", "éa", "\0", "\0=", "\0\0a"]
    channel.set_many(dict.fromkeys([*names, "A", "b", "\1", "\U0010ffff", "\U0010ffffa"]))
    listed = channel.keys()
    for prefix in (*names, "a[", "\U0010ffff", "none"):
        expected = sorted(key for key in listed if key.startswith(prefix))
        assert sorted(channel.iter_keys(prefix)) == expected, prefix


def test_what_has_expired_does_not_come(channel: Channel, advance: Callable[[float], None]) -> None:
    """Even if nobody has removed it."""
    fill(channel, MANY, ttl=60)
    channel.set("stays", 1)
    advance(61)
    assert list(channel.iter_keys()) == ["stays"]


def test_keys_that_stay_come_once_whatever_others_do(channel: Channel) -> None:
    """Others come and go meanwhile, and those that stay are written anew, and expire or not."""
    stays = fill(channel, MANY)
    found = []
    for number, key in enumerate(channel.iter_keys()):
        found.append(key)
        if number % 100 == 0:
            channel.set_many({f"new:{number}:{each}": each for each in range(50)})
            channel.delete(f"new:{number - 300}:7")
            for each in range(number, number + 100, 7):
                if f"key:{each}" in stays:
                    channel.set(f"key:{each}", each, ttl=600 + each)
                    channel.persist(f"key:{each + 1}")
    assert sorted(key for key in found if key in stays) == sorted(stays)
    assert len(found) == len(set(found))


def test_few_that_stay_of_many_come_once(channel: Channel) -> None:
    """Also when nearly all others are removed in the middle, so that a server's table shrinks."""
    stays = set(list(fill(channel, 20_000))[::500])
    keys = channel.iter_keys()
    found = [next(keys) for _ in range(9_000)]

    def remove(tx: Channel) -> None:
        for number in range(20_000):
            if f"key:{number}" not in stays:
                tx.delete(f"key:{number}")

    channel.transact(remove)
    found += keys
    assert sorted(key for key in found if key in stays) == sorted(stays)


def test_hidden_keys_do_not_come(channel: Channel) -> None:
    """Locks, results of runs, and what is kept about the channel."""
    channel.set("shown", 1)
    with channel.lock("held"):
        channel.backend.put("\0run:1:result", b"1", None)
        channel.backend.put("\0=run:1", b"1", None)
        assert list(channel.iter_keys()) == ["shown"]
        kept = [key for some in channel.backend.scan("\0=run:", kept=True) for key in some]
        assert kept == ["\0=run:1"]


def test_a_prefix_is_text(channel: Channel) -> None:
    """Anything else is refused at once."""
    bad: Any = b"a"
    with pytest.raises(ChannelTypeError, match="prefix"):
        channel.iter_keys(bad)
    with pytest.raises(ChannelValueError, match="prefix"):
        channel.iter_keys("\ud800")


def test_an_event_loop_lists_them_too(channel: Channel) -> None:
    """Inside a transaction as well, where what it has changed belongs to them."""
    stored = fill(channel, MANY)

    async def listed() -> list[str]:
        return [key async for key in channel.aio.iter_keys("key:")]

    async def changed(tx: Any) -> list[str]:
        await tx.delete("key:1")
        return [key async for key in tx.iter_keys("key:1")]

    async def both() -> tuple[list[str], list[str]]:
        found = await listed(), await channel.aio.transact(changed)
        await channel.aio.close()
        return found

    found, in_transaction = asyncio.run(both())
    assert sorted(found) == sorted(stored)
    assert sorted(in_transaction) == sorted(
        key for key in stored if key.startswith("key:1") and key != "key:1"
    )


def test_a_transaction_lists_what_it_will_leave(channel: Channel) -> None:
    """Its own changes included."""
    fill(channel, 3)

    def change(tx: Channel) -> list[str]:
        tx.delete("key:1")
        tx.set("key:9", 9)
        return sorted(tx.iter_keys("key:"))

    assert channel.transact(change) == ["key:0", "key:2", "key:9"]


def test_the_names_of_channels_are_those_that_hold_something(
    backend: Backend, advance: Callable[[float], None]
) -> None:
    """Each once, whatever it is called; locks alone, and what has expired, are nothing."""
    if isinstance(backend, MemoryBackend):
        with pytest.raises(ChannelTypeError, match="other channels"):
            backend.open("a").names_beside()
        return
    probe = backend.open("probe")
    assert list(probe.names_beside()) == []
    names = ["orders", "orders:7", "a b", "{x}", "%7B", "é\n", "graflow:{a}:i"]
    for name in names:
        backend.open(name).set("graflow:{no}:i", 1)
    backend.open("runs").backend.put("\0=run:1", b"1", None)
    backend.open("gone").set("a", 1, ttl=60)
    advance(61)
    with backend.open("locked").lock("a"):
        assert sorted(probe.names_beside()) == sorted([*names, "runs"])


def test_a_server_that_may_not_be_asked_for_some_keys_gives_all(
    redis_client: Any, redis_url: str
) -> None:
    """A user without the right to ZSCAN lists keys as before."""
    commands = ("eval", "evalsha", "zrangebyscore", "time", "set", "zadd", "get", "persist")
    redis_client.acl_setuser(
        "plain", enabled=True, nopass=True, keys=["graflow:*"], commands=[f"+{c}" for c in commands]
    )
    url = redis_url.replace("redis://", "redis://plain:any@")
    with RedisChannel("n", url=url) as channel:
        channel.set("a", 1)
        channel.set("b", 1)
        assert sorted(channel.iter_keys()) == ["a", "b"]
        assert list(channel.iter_keys("b")) == ["b"]
    redis_client.acl_deluser("plain")


def test_memory_does_not_change_what_was_begun() -> None:
    """In memory the keys are those of the first step."""
    channel = MemoryChannel()
    fill(channel, 10)
    keys = channel.iter_keys()
    first = next(keys)
    channel.clear()
    assert len({first, *keys}) == 10


def test_keys_are_measured_without_being_read(channel: Channel) -> None:
    """Bytes as they are stored, items of lists, and how long is left."""
    channel.set("text", "x" * 98, ttl=60)
    channel.set("empty", [])
    for _ in range(250):
        channel.append("list", "y" * 8)
    measured = channel.backend.measure(["text", "empty", "list", "none"])
    text, empty, items, none = measured
    assert none is None
    assert text is not None
    assert text[:2] == (100, None)
    assert 0 < (text.left or 0) <= 60_000
    assert empty == (0, 0, None)
    assert items == (2_500, 250, None)
    assert channel.backend.measure([]) == []

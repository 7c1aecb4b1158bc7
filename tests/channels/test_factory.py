"""Channels by the name of their backend."""

from __future__ import annotations

import contextvars
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from graflow.channels.factory import ChannelBackend, ChannelFactory, default_channel
from graflow.channels.memory_channel import MemoryChannel, MemorySpace
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelTypeError, ChannelValueError


@pytest.fixture(autouse=True)
def own_context() -> Iterator[None]:
    """Leave the default of other tests alone."""
    from graflow.channels import factory  # noqa: PLC0415

    token = factory._default.set(None)
    yield
    factory._default.reset(token)


def test_backends_have_names(redis_client: redis.Redis) -> None:
    """By the enum or by its text."""
    for backend in (ChannelBackend.REDIS, "redis"):
        channel = ChannelFactory.create_channel(backend, name="n", redis_client=redis_client)
        assert isinstance(channel, RedisChannel)
        assert channel.name == "n"
    assert isinstance(ChannelFactory.create_channel("memory", name="n"), MemoryChannel)


def test_a_channel_without_a_name_becomes_the_default_of_its_context() -> None:
    """One with a name does not, and another context does not see it."""
    ChannelFactory.create_channel(name="named")
    assert default_channel() is None
    channel = ChannelFactory.create_channel()
    assert channel.name == "default"
    assert default_channel() is channel
    assert contextvars.Context().run(default_channel) is None


def test_an_unknown_backend_lists_those_that_there_are() -> None:
    """So does an option that the backend does not know."""
    with pytest.raises(ChannelValueError, match=r"'etcd'.*'memory', 'redis'"):
        ChannelFactory.create_channel("etcd")
    with pytest.raises(ChannelTypeError, match="space"):
        ChannelFactory.create_channel("memory", redis_client=1)
    bad: Any = 3
    with pytest.raises(ChannelTypeError):
        ChannelFactory.create_channel(bad)


def test_other_backends_can_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class or a function that takes the name and the options."""
    monkeypatch.setattr(ChannelFactory, "_backends", dict(ChannelFactory._backends))
    space = MemorySpace()
    ChannelFactory.register_backend("shared", lambda name: MemoryChannel(name, space=space))
    ChannelFactory.create_channel("shared", name="n").set("key", 1)
    assert ChannelFactory.create_channel("shared", name="n").get("key") == 1
    bad: Any = "no function"
    with pytest.raises(ChannelTypeError):
        ChannelFactory.register_backend("bad", bad)


def test_a_memory_channel_refuses_to_be_pickled() -> None:
    """The error says what to use instead."""
    with pytest.raises(ChannelTypeError, match="RedisChannel"):
        pickle.dumps(MemoryChannel("n"))


def test_memory_does_not_grow_with_expired_keys() -> None:
    """Keys that nobody asks for again are dropped, and so are the times of overwritten ones."""
    now = [0.0]
    space = MemorySpace(clock=lambda: now[0])
    channel = MemoryChannel("n", space=space)
    for number in range(1_000):
        channel.set(f"key {number}", 1, ttl=1)
        channel.set("same", 1, ttl=10_000)
        now[0] += 1
    for _ in range(1_000):
        channel.append("list", 1, ttl=10_000)
    store = space.store("n")
    assert len(store.values) < 10
    assert len(store.deadlines) < 10
    assert len(store._expiries) < 300

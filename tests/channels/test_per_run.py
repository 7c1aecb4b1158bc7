"""A channel for each run, by one call."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import redis

from graflow import ChannelTypeError, ChannelValueError, RedisChannel
from tests.servers import Cluster, Server


def test_each_run_has_a_channel_of_its_own(redis_url: str) -> None:
    """The same one for the same run, on any handle, and wherever the function was pickled to."""
    per_run = RedisChannel.per_run("orders", url=redis_url, timeout=7)
    again: Callable[[str], RedisChannel] = pickle.loads(pickle.dumps(per_run))
    per_run("1").set("key", "first")
    per_run("2").set("key", "second")
    assert (again("1").get("key"), again("2").get("key")) == ("first", "second")
    assert RedisChannel("orders:1", url=redis_url).get("key") == "first"
    assert RedisChannel("orders", url=redis_url).keys() == []
    assert (per_run.name, per_run("1").name, per_run("1").backend.timeout) == (
        "orders",
        "orders:1",
        7,
    )


def test_no_two_runs_have_one_channel() -> None:
    """Whatever the names and the ids are."""
    pairs = [
        ("a", "b:c"),
        ("a:b", "c"),
        ("a%3Ab", "c"),
        ("a%", "3Ab:c"),
        ("a", "b%3Ac"),
        ("a:", "c"),
    ]
    names = {RedisChannel.per_run(name)(run).name for name, run in pairs}
    assert len(names) == len(pairs)


def test_a_client_or_a_channel_says_where_the_server_is(redis_client: redis.Redis) -> None:
    """With its own settings, which nothing can be added to."""
    channel = RedisChannel("any", redis_client, timeout=9)
    per_run = RedisChannel.per_run("orders", channel)
    RedisChannel.per_run("orders", redis_client)("1").set("key", 1)
    assert per_run("1").get("key") == 1
    assert per_run("1").backend.timeout == 9
    for wrong in ({"url": "redis://localhost"}, {"cluster": True}, {"timeout": 5.0}):
        options: dict[str, Any] = wrong
        with pytest.raises(ChannelTypeError, match="its own settings"):
            RedisChannel.per_run("orders", channel, **options)


@pytest.mark.needs_system
def test_runs_on_a_cluster(clusters: Callable[[str], Cluster]) -> None:
    """Each has a slot of its own."""
    per_run = RedisChannel.per_run("orders", url=clusters("redis-6.2").url, cluster=True)
    for run in ("1", "2", "3"):
        per_run(run).clear()
        assert per_run(run).append("list", run) == 1
        assert per_run(run).get("list") == [run]


def test_what_is_wrong_is_said_at_once() -> None:
    """And a run's id has to be text as a name has to."""
    with pytest.raises(ChannelValueError, match="empty"):
        RedisChannel.per_run("")
    with pytest.raises(ChannelTypeError, match="options"):
        RedisChannel.per_run("orders", nonsense=1)
    for wrong, kind in (
        (1, ChannelTypeError),
        ("", ChannelValueError),
        ("\ud800", ChannelValueError),
    ):
        run: Any = wrong
        with pytest.raises(kind, match="run id"):
            RedisChannel.per_run("orders")(run)


def test_it_shows_no_password() -> None:
    """The name and the server are shown."""
    shown = repr(RedisChannel.per_run("orders", url="redis://user:secret@localhost:1/2"))
    assert shown == "PerRun(RedisChannel('orders', redis://localhost:1/2))"


def test_a_subclass_makes_channels_of_its_own_kind(server: Server) -> None:
    """As a class method does."""

    class Mine(RedisChannel):
        """A channel of somebody's."""

    assert type(Mine.per_run("orders", url=server.url)("1")) is Mine


@pytest.mark.needs_system
def test_an_embedded_server_runs_as_long_as_a_channel_of_a_run() -> None:
    """Though nothing else holds it; and a checkpoint knows it by its directory."""
    server = RedisChannel.embedded()
    channel = RedisChannel.per_run("orders", server)("1")
    assert channel.backend.server == server.backend.server
    del server
    gc.collect()
    channel.set("key", 1)
    assert channel.get("key") == 1

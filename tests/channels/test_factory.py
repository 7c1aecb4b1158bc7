"""Channels by the name of their backend."""

from __future__ import annotations

import contextvars
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from graflow.channels.factory import ChannelBackend, ChannelFactory, default_channel
from graflow.channels.memory_channel import MemoryChannel, MemorySpace
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.sqlite_channel import SQLiteChannel
from graflow.exceptions import (
    ChannelError,
    ChannelNotFoundError,
    ChannelTypeError,
    ChannelValueError,
)
from tests.servers import Cluster


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


@pytest.mark.needs_system
def test_a_url_says_which_channel_it_is(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server, a file, a directory of an embedded server, or memory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with ChannelFactory.from_url(f"REDIS{redis_url[5:]}", "n", timeout=7) as server:
        assert isinstance(server, RedisChannel)
        assert (server.name, server.backend.timeout) == ("n", 7)
        assert server.backend.address == redis_url
    for url, place in {"sqlite:///a b.db": "a b.db", f"sqlite:///{tmp_path}/c": "c"}.items():
        with ChannelFactory.from_url(url, durable=False) as file:
            assert isinstance(file, SQLiteChannel)
            assert file.name == "default"
            assert file.backend.address == str(tmp_path / place)
    for path in ("here", f"{tmp_path}/there"):
        with ChannelFactory.from_url(path, "n") as embedded:
            embedded.set("a", 1)
            assert embedded.backend.server == f"embedded://{tmp_path / Path(path).name}"
    assert isinstance(ChannelFactory.from_url("memory://", "n"), MemoryChannel)
    assert default_channel() is None


@pytest.mark.needs_system
def test_a_url_of_a_cluster_says_so(clusters: Callable[[str], Cluster]) -> None:
    """Its scheme ends with +cluster, as in what messages call it."""
    cluster = clusters("redis-6.2")
    cluster.flush()
    url = cluster.url.replace("redis://", "redis+cluster://")
    with ChannelFactory.from_url(url, "n") as channel:
        channel.set("a", 1)
        assert channel.get("a") == 1


@pytest.mark.parametrize(
    "url",
    ["", "nowhere", "localhost:6379", "http://a/b", "redis:/a", "sqlite:a.db", "sqlite://a.db",
     "sqlite:///", "redis:", "memory://a", "sqlite:///a\0b", "a/\0b", "redis://a..b", "redis://h:0",
     f"redis://{'h' * 70}", "redis://\udcff", "redis://h/orders", "redis+cluster://a..b:1"],
)  # fmt: skip
def test_what_is_no_url_of_a_channel_is_refused(url: str) -> None:
    """With what there is, and nothing is made."""
    with pytest.raises(ChannelValueError):
        ChannelFactory.from_url(url)
    bad: Any = 3
    with pytest.raises(ChannelTypeError, match="URL"):
        ChannelFactory.from_url(bad)


@pytest.mark.needs_system
def test_nothing_is_made_where_it_must_be_there(tmp_path: Path) -> None:
    """Neither a file nor a directory, and what is something else is told from what is missing."""
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("no database " * 100)
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    for url in ("sqlite:///{}/none.db", "sqlite:///{}/empty.db", "{}/none", "sqlite:///{}/no/no"):
        with pytest.raises(ChannelNotFoundError):
            ChannelFactory.from_url(url.format(tmp_path), create=False)
    for url in ("sqlite:///{}/folder", "sqlite:///{}/text.db", "{}/folder", "{}/text.db"):
        with pytest.raises(ChannelError) as caught:
            ChannelFactory.from_url(url.format(tmp_path), create=False)
        assert not isinstance(caught.value, ChannelNotFoundError)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.needs_system
def test_what_is_there_is_opened_where_it_must_be(tmp_path: Path) -> None:
    """A file that has been used, and is in use, and a directory of a server."""
    for url in (f"sqlite:///{tmp_path}/a.db", f"{tmp_path}/server"):
        with ChannelFactory.from_url(url, "n") as first:
            first.set("a", 1)
            with ChannelFactory.from_url(url, "n", create=False) as second:
                assert second.get("a") == 1
        with ChannelFactory.from_url(url, "n", create=False) as third:
            assert third.get("a") == 1


@pytest.mark.parametrize(
    "url",
    [
        *("redis://u:s3cret@h:x/0", "http://u:s3cret@h/", "redis+cluster://u:s3cret@h:1/7"),
        *(" redis://u:s3cret@h", '"redis://:s3cret@h"', "//u:s3cret@h:1", "redis//u:s3cret@h"),
        "./u:s3cret@h",
    ],
)
def test_a_password_in_a_url_is_not_shown(url: str) -> None:
    """Not in the message, and not among the local variables of the traceback."""
    with pytest.raises(ChannelError) as caught:
        ChannelFactory.from_url(url)
    frames = traceback.StackSummary.extract(
        (
            (f, n)
            for f, n in traceback.walk_tb(caught.value.__traceback__)
            if f.f_code.co_name != "test_a_password_in_a_url_is_not_shown"
        ),
        capture_locals=True,
    )
    assert "s3cret" not in "".join(frames.format()) + str(caught.value)

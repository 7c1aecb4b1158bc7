"""Every operation of a channel on a server, while the replies to it get lost.

The effects are counted on the server, over a connection of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
import redis

from graflow.channels.backend import (
    Add,
    Delete,
    Expire,
    Holds,
    Pop,
    Push,
    Put,
    StartsWith,
)
from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.transactions import Transaction
from graflow.exceptions import ChannelConnectionError, ChannelUnavailableError, OutcomeUnknownError
from graflow.testing import Fault
from tests.channels.fencing import fenced, put_fence
from tests.channels.redis.asked import ask_server
from tests.proxy import run_proxy, url_of
from tests.servers import Server

Call = Callable[[RedisChannel], Any]


class Operation(NamedTuple):
    """An operation on a channel that holds `BEFORE`.

    Attributes:
        name: What it does.
        call: Does it.
        answer: What it returns.
        after: What the channel holds then.
        writes: Whether it may change something.
        reads: How many scripts it runs before the first that changes something.
    """

    name: str
    call: Call
    answer: object
    after: dict[str, object]
    writes: bool = True
    reads: int = 0


BEFORE: dict[str, object] = {"value": {"a": 1}, "list": ["x", "y"], "number": 5, "float": 0.5}


def blind(tx: Transaction) -> None:
    """Change several keys without reading any."""
    tx.append("list", "z")
    tx.atomic_add("number", 2)
    tx.set("new", [1], ttl=100)
    tx.delete("value")


def move(tx: Transaction) -> int:
    """Change what was read, twice, and take an item."""
    left = int(tx.get("number")) - 2
    tx.set("number", left)
    tx.set("float", tx.get("float") + 2)
    tx.append("taken", tx.pop("list"))
    return left


def commit_many(channel: Channel, amount: int = 2) -> object:
    """Make each kind of change in one commit, some of them to one key."""
    return channel.backend.commit(
        (Holds("number", b"5"), StartsWith("list", (b'"x"',)), Holds("none", None)),
        (
            Pop("list"),
            Push("list", b"1"),
            Push("list", b"0", at_head=True),
            Add("number", amount),
            Add("number", 1),
            Delete("float"),
            Put("new", [b"1"]),
            Expire("new", 100_000),
            Expire("none", None),
        ),
    )


def many(amount: int = 2) -> list[object]:
    """Return what `commit_many` answers."""
    sums = [b"%d" % (5 + amount), b"%d" % (6 + amount)]
    return [b'"x"', 2, 3, *sums, True, None, True, False]


def lock_and_release(channel: RedisChannel) -> bool:
    """Tell whether the holder's number is the latest that the server gave."""
    with channel.lock("lock", timeout=0) as lock:
        return lock.fence == int(ask_server(channel, "GET", channel.backend._primitives._fences))


READ_FIRST = {
    "update": 1,
    "add 2**70": 1,
    "set, if the same": 2,
    "move": 3,
    "a commit with 2**70": 1,
    "move, fenced": 3,
    "a commit with 2**70, fenced": 1,
}


def operation(name: str, call: Call, answer: object, **after: object) -> Operation:
    """Return a write that changes these keys."""
    after = {key: value for key, value in {**BEFORE, **after}.items() if value is not None}
    return Operation(name, call, answer, after, reads=READ_FIRST.get(name, 0))


def reading(name: str, call: Call, answer: object) -> Operation:
    """Return an operation that changes nothing."""
    return Operation(name, call, answer, BEFORE, writes=False)


BLIND: dict[str, object] = {"list": ["x", "y", "z"], "number": 7, "new": [1], "value": None}
MOVED: dict[str, object] = {"number": 3, "float": 2.5, "list": ["y"], "taken": ["x"]}
COMMITTED: dict[str, object] = {"list": [0, "y", 1], "float": None, "new": [1]}
WRITES = [
    operation("set", lambda c: c.set("value", 2), None, value=2),
    operation("set a list", lambda c: c.set("value", [1, 2]), None, value=[1, 2]),
    operation("set_many", lambda c: c.set_many({"a": 1, "b": [2]}), None, a=1, b=[2]),
    operation("append", lambda c: c.append("list", "z"), 3, list=["x", "y", "z"]),
    operation("append, new", lambda c: c.append("new", 1, ttl=100), 1, new=[1]),
    operation("prepend", lambda c: c.prepend("list", "z"), 3, list=["z", "x", "y"]),
    operation("pop", lambda c: c.pop("list"), "x", list=["y"]),
    operation("add an int", lambda c: c.atomic_add("number", 2), 7, number=7),
    operation("add a float", lambda c: c.atomic_add("float", 0.25), 0.75, float=0.75),
    operation("add 2**70", lambda c: c.atomic_add("number", 2**70), 2**70 + 5, number=2**70 + 5),
    operation("update", lambda c: c.update("number", lambda n: n * 3), 15, number=15),
    operation("delete", lambda c: c.delete("float"), True, float=None),
    operation("clear", lambda c: c.clear(), None, **dict.fromkeys(BEFORE)),
    operation("lock", lock_and_release, True),
    operation("put a new key", lambda c: c.add("new", [1], ttl=100), True, new=[1]),
    operation(
        "set, if the same",
        lambda c: c.set("value", 2, if_etag=c.entry("value").etag),
        None,
        value=2,
    ),
    operation("touch", lambda c: (c.touch("value", 100), c.ttl("value") is None), (True, False)),
    operation("persist", lambda c: c.persist("value"), True),
    operation("blind", lambda c: c.transact(blind), None, **BLIND),
    operation("move", lambda c: c.transact(move), 3, **MOVED),
    operation("a commit", commit_many, many(), **COMMITTED, number=8),
    operation(
        "a commit with 2**70",
        lambda c: commit_many(c, 2**70),
        many(2**70),
        **COMMITTED,
        number=2**70 + 6,
    ),
    operation("append, fenced", lambda c: fenced(c).append("list", "z"), 3, list=["x", "y", "z"]),
    operation("add, fenced", lambda c: fenced(c).atomic_add("number", 2), 7, number=7),
    operation("set, fenced", lambda c: fenced(c).set("value", 2), None, value=2),
    operation("move, fenced", lambda c: fenced(c).transact(move), 3, **MOVED),
    operation(
        "a commit with 2**70, fenced",
        lambda c: commit_many(fenced(c), 2**70),
        many(2**70),
        **COMMITTED,
        number=2**70 + 6,
    ),
]
READS = [
    reading("get", lambda c: c.get("value"), {"a": 1}),
    reading("get a list", lambda c: c.get("list"), ["x", "y"]),
    reading("get_many", lambda c: c.get_many(["number", "none"]), {"number": 5}),
    reading("keys", lambda c: sorted(c.keys()), sorted(BEFORE)),
    reading("pop nothing", lambda c: c.pop("none", 0), 0),
    reading("delete nothing", lambda c: c.delete("none"), False),
    reading("put a key that is there", lambda c: c.add("value", 1), False),
    reading("touch nothing", lambda c: c.touch("none", 1), False),
    reading("transact without changes", lambda c: c.transact(lambda tx: tx.get("number")), 5),
]
MIGHT_WRITE = {
    "pop nothing",
    "delete nothing",
    "put a key that is there",
    "touch nothing",
    "transact without changes",
}
each_operation = pytest.mark.parametrize("operation", WRITES + READS, ids=lambda each: each.name)


@pytest.fixture
def direct(redis_client: redis.Redis) -> RedisChannel:
    """The channel by a way on which no reply is lost."""
    channel = RedisChannel("c", redis_client)
    channel.set_many(BEFORE)
    put_fence(channel)
    return channel


def content(channel: RedisChannel) -> dict[str, object]:
    """Return all that a channel holds."""
    return channel.get_many(channel.keys())


@each_operation
@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("fault", Fault)
def test_it_happens_once_and_is_answered(
    server: Server, direct: RedisChannel, operation: Operation, lost: int, fault: Fault
) -> None:
    """One or two lost replies are not noticed, whatever became of them."""
    with (
        run_proxy(server, fault) as proxy,
        RedisChannel("c", url=url_of(proxy), socket_timeout=0.05) as channel,
    ):
        proxy.faults = lost
        assert operation.call(channel) == operation.answer
        assert proxy.lost == lost
        assert content(direct) == operation.after
        with direct.lock("lock", timeout=0) as lock:
            assert not lock.lost


def failed_in_time(channel: RedisChannel, operation: Operation) -> ChannelConnectionError:
    """Return what an operation raises, well before the time that it would have by default: 5 s."""
    started = time.monotonic()
    with pytest.raises(ChannelConnectionError) as caught:
        operation.call(channel)
    assert time.monotonic() - started < 4
    return caught.value


def connect(channel: RedisChannel) -> None:
    """Have the channel connect, for which a busy machine may take longer than the channel has."""
    connected = False
    while not connected:
        with suppress(ChannelUnavailableError):
            connected = channel.exists("value")


@each_operation
def test_it_says_that_it_may_have_happened(
    server: Server, direct: RedisChannel, operation: Operation
) -> None:
    """When no reply comes at all, within the time that was set, and it happened once."""
    with run_proxy(server) as proxy, RedisChannel("c", url=url_of(proxy), timeout=0.3) as channel:
        connect(channel)
        proxy.spared, proxy.faults = operation.reads, 1_000
        errors = [failed_in_time(channel, operation)]
        while not proxy.lost:  # in such a short time a busy machine may send nothing at all
            errors.append(failed_in_time(channel, operation))
        if operation.name not in MIGHT_WRITE:
            kind = OutcomeUnknownError if operation.writes else ChannelUnavailableError
            assert kind in map(type, errors)
        assert all(url_of(proxy) in str(error) for error in errors)
    assert content(direct) == operation.after


def test_it_is_tried_until_the_time_is_over(server: Server, direct: RedisChannel) -> None:
    """Again and again, with pauses that grow."""
    with run_proxy(server) as proxy, RedisChannel("c", url=url_of(proxy), timeout=3) as channel:
        proxy.faults = 1_000
        with pytest.raises(OutcomeUnknownError):
            channel.append("list", "z")
        assert proxy.lost > 3
    assert direct.get("list") == ["x", "y", "z"]


@pytest.mark.parametrize("operation", [each for each in WRITES if each.reads], ids=lambda o: o.name)
def test_it_says_that_it_did_not_happen(
    server: Server, direct: RedisChannel, operation: Operation
) -> None:
    """When the replies to what it reads first are lost."""
    with run_proxy(server) as proxy, RedisChannel("c", url=url_of(proxy), timeout=0.15) as channel:
        proxy.faults = 1_000
        with pytest.raises(ChannelUnavailableError):
            operation.call(channel)
    assert content(direct) == BEFORE


@each_operation
def test_it_does_not_happen_without_a_connection(
    direct: RedisChannel, operation: Operation
) -> None:
    """The error says that nothing was executed, and names the server without its password."""
    with RedisChannel("c", url="redis://user:s3cret@127.0.0.1:1/2", timeout=0.1) as channel:
        with pytest.raises(ChannelUnavailableError, match=r"redis://127\.0\.0\.1:1/2") as caught:
            operation.call(channel)
        assert isinstance(caught.value.__cause__, redis.ConnectionError)
        assert "s3cret" not in f"{caught.value!r} {caught.value} {channel!r}"
    assert content(direct) == BEFORE

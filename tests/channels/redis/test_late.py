"""Copies of a change that arrive late, after a later copy was answered: nothing happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import pytest
import redis
from redis.exceptions import ResponseError, TimeoutError

from graflow.channels.redis.connections.pool_sender import PoolSender
from graflow.channels.redis.sending.requests import Attempt, Part
from graflow.channels.redis.sending.routes import DirectRoute
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelTypeError, OutcomeUnknownError


class SlowNetwork:
    """Holds back the first copies of commands, as a network may, and delivers them later."""

    repeats: ClassVar[bool] = False
    ask: ClassVar[None] = None

    def __init__(self, channel: RedisChannel) -> None:
        """Put the network between the channel and its server."""
        transport = channel.backend._primitives.transport
        sender = transport._route.link
        assert isinstance(sender, PoolSender)
        self._sender = sender
        self.acquaintance = sender.acquaintance
        self._held: list[Sequence[Part]] = []
        self.is_slow = False
        transport._route = DirectRoute(self)

    def send(self, attempt: Attempt) -> Any:
        """Send a command; while the network is slow, hold back the first copy of each."""
        if self.is_slow and attempt.effort is None:
            self._held.append(attempt.command)
            raise TimeoutError("no reply in time")
        return self._sender.send(attempt)

    def deliver(self, client: redis.Redis) -> int:
        """Let what was held back arrive; nobody waits for the replies any more."""
        for command in self._held:
            execute: Any = client.execute_command
            with suppress(ResponseError):
                execute(*command)
        return len(self._held)


Case = tuple[
    Callable[[RedisChannel], object], object, Callable[[RedisChannel], object], dict[str, object]
]

# A change, its answer, what somebody else does then, and what must be there in the end.
CASES: dict[str, Case] = {
    "set": (lambda c: c.set("key", 1), None, lambda c: c.set("key", 2), {"key": 2}),
    "set with a ttl": (lambda c: c.set("key", 1, 9), None, lambda c: c.set("key", 2), {"key": 2}),
    "set_many": (lambda c: c.set_many({"key": 1}), None, lambda c: c.delete("key"), {}),
    "append": (lambda c: c.append("list", 1), 1, lambda c: c.pop("list"), {}),
    "prepend": (lambda c: c.prepend("list", 1), 1, lambda c: c.pop("list"), {}),
    "pop": (lambda c: c.pop("pair"), 1, lambda c: None, {"pair": [2]}),
    "pop of nothing": (lambda c: c.pop("no"), None, lambda c: c.append("no", 5), {"no": [5]}),
    "delete": (lambda c: c.delete("pair"), True, lambda c: c.set("pair", 7), {"pair": 7}),
    "delete of nothing": (lambda c: c.delete("no"), False, lambda c: c.set("no", 7), {"no": 7}),
    "atomic_add": (lambda c: c.atomic_add("sum", 5), 5, lambda c: c.delete("sum"), {}),
    "update": (
        lambda c: c.update("pair", lambda pair: [0, *pair]),
        [0, 1, 2],
        lambda c: c.set("pair", [1, 2]),
        {"pair": [1, 2]},
    ),
    "clear": (lambda c: c.clear(), None, lambda c: c.set("key", 1), {"key": 1}),
    "clear of nothing": (
        lambda c: [c.delete("pair"), c.clear()],  # type: ignore[func-returns-value]
        [True, None],
        lambda c: c.set("key", 1),
        {"key": 1},
    ),
}


@pytest.fixture
def channel(redis_client: redis.Redis, redis_url: str) -> RedisChannel:
    """A channel with a list, on a server of each kind."""
    channel = RedisChannel("c", url=redis_url)
    channel.set("pair", [1, 2])
    return channel


@pytest.mark.parametrize("case", CASES)
def test_a_late_copy_does_nothing(
    channel: RedisChannel, redis_client: redis.Redis, case: str
) -> None:
    """The server remembers what the later copy was answered, even that it did nothing."""
    change, answer, afterwards, stored = CASES[case]
    network = SlowNetwork(channel)
    network.is_slow = True
    assert change(channel) == answer
    with RedisChannel("c", redis_client) as other:
        afterwards(other)
        before = other.get_many(other.keys())
        assert {key: before[key] for key in stored} == stored
        assert network.deliver(redis_client) >= 1
        assert other.get_many(other.keys()) == before
        assert other.get_many(["key", "list", "sum", "no"]) == {
            key: value for key, value in stored.items() if key != "pair"
        }


def test_a_late_copy_of_a_refused_append_does_nothing(
    channel: RedisChannel, redis_client: redis.Redis
) -> None:
    """The caller was told that there is no list, so none is changed when there is one."""
    network = SlowNetwork(channel)
    with RedisChannel("c", redis_client) as other:
        other.set("key", 1)
        network.is_slow = True
        with pytest.raises(ChannelTypeError):
            channel.append("key", 2)
        other.set("key", [1])
        network.deliver(redis_client)
        assert other.get("key") == [1]


def test_a_late_acquisition_does_not_lock_again(
    channel: RedisChannel, redis_client: redis.Redis
) -> None:
    """Neither one that was released since, nor one that was given up."""
    network = SlowNetwork(channel)
    network.is_slow = True
    with RedisChannel("c", redis_client) as other:
        with channel.lock("key"):
            pass
        network.deliver(redis_client)
        with other.lock("key", timeout=0):
            assert isinstance(channel.backend.acquire("key", "somebody else", 30_000), str)
        network.deliver(redis_client)
        with other.lock("key", timeout=0):
            pass


def test_a_refusal_after_a_lost_reply_is_not_taken_for_the_whole_truth(
    channel: RedisChannel, redis_client: redis.Redis
) -> None:
    """The first copy may have been executed, or be executed yet; the error says so."""
    SlowNetwork(channel).is_slow = True
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(OutcomeUnknownError, match=r"OOM|maxmemory"):
            channel.append("list", 1)
    finally:
        redis_client.config_set("maxmemory", 0)


class Insistent:
    """A client that sends each change again by itself, until the server says that it is late."""

    def __init__(self, client: redis.Redis) -> None:
        self._execute: Any = client.execute_command
        self.insists = False

    def execute_command(self, *command: Any, **options: Any) -> Any:
        """Send the command, again and again if it is told to."""
        while True:
            reply = self._execute(*command, **options)
            if not self.insists:
                return reply
            time.sleep(0.05)


def test_a_client_that_repeats_too_late_leaves_it_open(redis_client: redis.Redis) -> None:
    """A copy before, of which the channel knows nothing, may have been in time."""
    client = Insistent(redis_client)
    with RedisChannel("c", client, timeout=0.1) as channel:
        channel.append("list", 1)
        client.insists = True
        with pytest.raises(OutcomeUnknownError, match="LATE"):
            channel.append("list", 2)
        client.insists = False
        assert channel.append("list", 3) == 3

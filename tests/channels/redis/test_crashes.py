"""Servers that crash, freeze or run full while several processes work on one channel."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelServerError, ChannelUnavailableError, OutcomeUnknownError
from tests.programs import apart
from tests.servers import SERVERS, Server, run_server

WORKERS = 3


class Report(NamedTuple):
    """What a worker was told."""

    appended: list[str]
    popped: list[str]
    added: int
    fences: list[int]


def work(channel: RedisChannel, worker: int, seconds: float) -> Report:
    """Append, pop, add and lock for so long, and note what was acknowledged."""
    report = Report([], [], 0, [])
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        item = f"{worker}:{number}"
        length = channel.append("items", item)
        assert length >= 1
        report.appended.append(item)
        channel.atomic_add("sum", number)
        report = report._replace(added=report.added + number)
        channel.update("updated", lambda value: value + 1, default=0)
        if number % 3 == 0:
            taken = channel.pop("items")
            if taken is not None:
                report.popped.append(taken)
        with channel.lock("lock", timeout=60, lease=60) as lock:
            report.fences.append(lock.fence)
            channel.set("holder", worker)
            assert channel.get("holder") == worker
    return report


def check(channel: RedisChannel, reports: list[Report]) -> None:
    """Assert that nothing was lost and nothing happened twice."""
    appended = [item for report in reports for item in report.appended]
    popped = [item for report in reports for item in report.popped]
    rest = channel.get("items", [])
    assert Counter(popped + rest) == Counter(appended)
    assert channel.get("sum") == sum(report.added for report in reports)
    assert channel.get("updated") == len(appended)
    fences = [fence for report in reports for fence in report.fences]
    assert len(set(fences)) == len(fences)
    for report in reports:
        assert report.fences == sorted(report.fences)
    for worker in range(WORKERS):
        own = [item for item in rest if item.startswith(f"{worker}:")]
        assert own == sorted(own, key=lambda item: int(item.partition(":")[2]))


@pytest.fixture(params=SERVERS)
def durable(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that has on its disk what it has acknowledged."""
    options = ("--appendonly", "yes", "--appendfsync", "always")
    with run_server(request.param, *options) as server:
        yield server


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Processes that share nothing with this one."""
    with ProcessPoolExecutor(WORKERS, mp_context=apart()) as pool:
        yield pool


def start(pool: ProcessPoolExecutor, channel: RedisChannel, seconds: float) -> list[Future[Report]]:
    """Let every worker begin."""
    return [pool.submit(work, channel, worker, seconds) for worker in range(WORKERS)]


def test_a_killed_server_loses_and_repeats_nothing(
    durable: Server, pool: ProcessPoolExecutor
) -> None:
    """Killed and restarted again and again, while three processes go on working."""
    with RedisChannel("crash", url=durable.url, timeout=20) as channel:
        reports = start(pool, channel, 3)
        kills = 0
        while not all(report.done() for report in reports):
            time.sleep(random.uniform(0.2, 0.5))
            durable.stop()
            durable.start()
            kills += 1
            wait(reports, 0)
        check(channel, [report.result() for report in reports])
        assert kills >= 3


@pytest.fixture
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that a test may do anything to."""
    with run_server("valkey-9") as server:
        yield server


def test_a_frozen_server_is_waited_for(own_server: Server, pool: ProcessPoolExecutor) -> None:
    """Frozen again and again for longer than one attempt may take, while three processes work."""
    with RedisChannel("c", url=own_server.url, timeout=20, socket_timeout=0.1) as channel:
        reports = start(pool, channel, 2)
        while not all(report.done() for report in reports):
            own_server.freeze()
            time.sleep(0.3)
            own_server.thaw()
            wait(reports, 0.1)
        check(channel, [report.result() for report in reports])


def test_a_server_that_stays_frozen_is_given_up(own_server: Server) -> None:
    """In the time that was set; and what was sent happens once at most when it goes on."""
    with RedisChannel("c", url=own_server.url, timeout=0.8) as channel:
        channel.set("number", 1)
        own_server.freeze()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknownError):
            channel.atomic_add("number", 1)
        with pytest.raises(ChannelUnavailableError):
            channel.append("list", "x")  # no new connection is answered
        assert time.monotonic() - started < 5  # by default each waits as long
        own_server.thaw()
        channel.append("list", "y")
        assert channel.get("number") in {1, 2}
        assert channel.get("list") == ["y"]


NEEDS_MEMORY: dict[str, Callable[[RedisChannel], object]] = {
    "set": lambda c: c.set("new", 1),
    "set a list": lambda c: c.set("new", [1]),
    "replace a list": lambda c: c.set("list", [1, 2, 3, 4]),
    "set_many": lambda c: c.set_many({"new": [1], "value": 2}),
    "append": lambda c: c.append("list", 3),
    "append, new": lambda c: c.append("new", 1),
    "prepend": lambda c: c.prepend("list", 0),
    "add": lambda c: c.atomic_add("number", 1),
    "add a float": lambda c: c.atomic_add("number", 0.5),
    "update": lambda c: c.update("value", lambda value: value + 1),
    "update a list": lambda c: c.update("list", lambda items: [*items, 3]),
    "lock": lambda c: c.lock("other lock").__enter__(),
}
BEFORE = {"value": 1, "list": [1, 2], "number": 5, "last": 1}


@contextmanager
def full(client: redis.Redis) -> Iterator[None]:
    """Let the server be out of memory."""
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)


@pytest.mark.parametrize("call", NEEDS_MEMORY.values(), ids=NEEDS_MEMORY)
def test_a_full_server_refuses_what_needs_memory(
    redis_client: redis.Redis, call: Callable[[RedisChannel], object]
) -> None:
    """And nothing has changed."""
    channel = RedisChannel("full", redis_client)
    channel.set_many(BEFORE, ttl=1_000)
    with full(redis_client), pytest.raises(ChannelServerError, match="out of memory"):
        call(channel)
    assert channel.get_many(["new", *BEFORE]) == BEFORE
    assert sorted(channel.keys()) == sorted(BEFORE)
    assert 900 < (channel.ttl("list") or 0) <= 1_000


def test_a_full_server_does_what_needs_no_memory(redis_client: redis.Redis) -> None:
    """Reading, taking away and unlocking go on."""
    channel = RedisChannel("full", redis_client)
    channel.set_many(BEFORE)
    lock = channel.lock("lock").__enter__()
    with full(redis_client):
        assert channel.get_many(BEFORE) == BEFORE
        assert channel.pop("list") == 1
        assert channel.pop("list") == 2
        assert channel.delete("number") is True
        assert sorted(channel.keys()) == ["last", "value"]
        lock.__exit__(None, None, None)
        channel.clear()
        assert channel.keys() == []
    with channel.lock("lock", timeout=0):
        pass

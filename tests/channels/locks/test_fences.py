"""Fencing numbers that grow although what the server knew of them was lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from tests.paths import ROOT
from tests.servers import run_server
from tests.servers.server import wait_until
from tests.testing.sqlite_store import SqliteChannel

COUNTER = "graflow:{c}:f"

ON_MEMORY = """
from graflow.channels.memory_channel import MemoryChannel

with MemoryChannel("c").lock("key") as lock:
    print(lock.fence)
"""


def fence_of(channel: Channel, key: str = "key") -> int:
    """Take a lock and give it back; return its number."""
    with channel.lock(key, timeout=30) as lock:
        return lock.fence


def grows(fences: list[int]) -> bool:
    """Tell whether each number is larger than the one before, and exact where it is a double."""
    return fences == sorted(set(fences)) and fences[-1] < 2**53


def test_they_grow(channel: Channel) -> None:
    """From holder to holder, from lock to lock, and when the channel is cleared in between."""
    fences = [fence_of(channel, key) for key in "aabba"]
    channel.clear()
    fences.append(fence_of(channel))
    assert grows(fences)


LOSSES: dict[str, Callable[[Any], object]] = {
    "FLUSHALL": lambda client: client.flushall(),
    "the counter was deleted": lambda client: client.delete(COUNTER),
    "the counter is that of an old version": lambda client: client.set(COUNTER, 4),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_they_grow_although_the_server_forgot(
    redis_client: redis.Redis, redis_url: str, loss: str
) -> None:
    """Seen from the process that had the number before, and on the server alone."""
    with RedisChannel("c", url=redis_url) as channel:
        fences = [fence_of(channel) for _ in range(4)]
        LOSSES[loss](redis_client)
        on_the_server = channel.backend.acquire("key", "somebody else", 60_000)
        assert isinstance(on_the_server, int)
        channel.backend.release("key", "somebody else")
        assert grows([*fences, on_the_server, fence_of(channel)])


def test_they_grow_although_the_servers_clock_goes_back_too(
    redis_client: redis.Redis, redis_url: str
) -> None:
    """In a process that had the numbers from before: it knows what it has seen."""
    later = 2**51 // 10**6 * 10**6  # in the year 2041
    with RedisChannel("c", url=redis_url) as channel:
        redis_client.set(COUNTER, later)
        before = fence_of(channel)
        assert before == later + 1
        redis_client.flushall()
        with RedisChannel("c", url=redis_url) as again:
            after = fence_of(again)
            assert grows([before, after])
        others = redis_client.get(COUNTER)
        assert others == b"%d" % after  # so that others continue from there


@pytest.mark.needs_system
def test_they_grow_over_a_restart_without_persistence() -> None:
    """The server comes back empty."""
    with run_server("valkey-9") as server, RedisChannel("c", url=server.url) as channel:
        before = fence_of(channel)
        server.stop()
        server.start()
        answer = channel.backend.acquire("key", "somebody", 60_000)
        assert isinstance(answer, int)
        assert grows([before, answer])


@pytest.mark.needs_system
def test_they_grow_over_a_failover_to_a_replica_that_lagged() -> None:
    """It had not got the latest numbers when it became the primary."""
    with run_server("valkey-9") as primary, run_server("valkey-9") as replica:
        with (
            redis.Redis.from_url(replica.url) as client,
            RedisChannel("c", url=primary.url) as before,
            RedisChannel("c", url=replica.url) as after,
        ):
            fences = [fence_of(before)]
            client.replicaof("127.0.0.1", str(primary.port))
            wait_until("the replica is in sync", replica.follows)
            client.replicaof("NO", "ONE")
            assert client.get(COUNTER) == b"%d" % fences[0]
            fences += [fence_of(before) for _ in range(3)]
            primary.stop()
            fences.append(fence_of(after))
        assert grows(fences)


@pytest.mark.needs_system
def test_they_grow_over_a_restart_of_the_process_in_memory() -> None:
    """And from one space to the next."""
    first = fence_of(MemoryChannel("c"))
    command = [sys.executable, "-c", ON_MEMORY]
    second = int(subprocess.check_output(command, cwd=ROOT))
    assert grows([first, second, fence_of(MemoryChannel("c"))])


def test_they_grow_on_a_backend_of_ones_own(tmp_path: Path) -> None:
    """That keeps a counter by the rule for all of them."""
    fences = [fence_of(SqliteChannel("c", tmp_path / name)) for name in "aab"]
    assert grows(fences)

"""Operations of many threads and processes on one key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from tests.programs import apart

Open = Callable[[str], Channel]


def work(channel: Channel, worker: int) -> list[int]:
    """Use every operation that must not lose anything; return what was popped."""
    popped = []
    for number in range(50):
        channel.append("items", worker * 1000 + number)
        channel.atomic_add("sum", number)
        channel.atomic_add("float", 0.5)
        channel.update("updated", lambda value: value + 1, default=0)
        if number % 2:
            popped.append(channel.pop("items"))
    return popped


def check(channel: Channel, popped: list[int]) -> None:
    """Assert that four workers have lost nothing and done nothing twice."""
    rest = channel.get("items")
    expected = [worker * 1000 + number for worker in range(4) for number in range(50)]
    assert Counter(popped + rest) == Counter(expected)
    assert channel.get("sum") == 4 * sum(range(50))
    assert channel.get("float") == 100.0
    assert channel.get("updated") == 200
    for worker in range(4):
        own = [item for item in rest if item // 1000 == worker]
        assert own == sorted(own)


@pytest.mark.needs_system
def test_threads_lose_nothing(open_channel: Open) -> None:
    """Four threads with a handle each."""
    channels = [open_channel("shared") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        popped = [item for items in pool.map(work, channels, range(4)) for item in items]
    check(channels[0], popped)


@pytest.mark.needs_system
def test_processes_lose_nothing(redis_url: str) -> None:
    """Four processes that were handed a pickled handle."""
    channel = RedisChannel("shared", url=redis_url)
    with ProcessPoolExecutor(4, mp_context=apart()) as pool:
        popped = [item for items in pool.map(work, [channel] * 4, range(4)) for item in items]
    check(channel, popped)
    channel.close()


@pytest.mark.needs_system
def test_readers_never_see_half_of_a_batch(open_channel: Open) -> None:
    """`set_many` and `get_many` are each one moment."""
    writer, reader = open_channel("shared"), open_channel("shared")
    names = [f"key {number}" for number in range(20)]
    writer.set_many(dict.fromkeys(names, 0))
    with ThreadPoolExecutor(2) as pool:

        def write() -> None:
            for number in range(1, 100):
                writer.set_many(dict.fromkeys(names, number))

        done = pool.submit(write)
        while not done.done():
            assert len(set(reader.get_many(names).values())) == 1
        done.result()

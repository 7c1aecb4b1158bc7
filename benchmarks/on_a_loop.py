"""Channels on an event loop, over bare commands of `redis.asyncio` on the same loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from statistics import median
from typing import Any

import redis.asyncio

from benchmarks.ratios import ROUNDS, Row
from graflow import RedisChannel

__all__ = ["on_a_server"]

AsyncWork = Callable[[], Awaitable[object]]

_TIMES = 300
_TOGETHER = 100  # coroutines


def on_a_server(url: str, channel: RedisChannel, value: Any, text: bytes) -> Iterator[Row]:
    """Measure single operations, one after the other and many at once.

    Args:
        url: The server.
        channel: A channel on it.
        value: What is set.
        text: The same, encoded.
    """
    ratios = asyncio.run(_ratios(url, channel, value, text))
    set_ratio, get_ratio, sets_ratio, gets_ratio = ratios
    yield "async set, over SET of redis.asyncio", set_ratio, 1.15
    yield "async get, over GET of redis.asyncio", get_ratio, 1.15
    yield f"async set, {_TOGETHER} at once, over SETs", sets_ratio, 1 / 3.0
    yield f"async get, {_TOGETHER} at once, over GETs", gets_ratio, 1 / 3.0


async def _ratios(url: str, channel: RedisChannel, value: Any, text: bytes) -> tuple[float, ...]:
    face = channel.aio
    client: Any = redis.asyncio.Redis.from_url(url)
    async with client:
        pairs: list[tuple[AsyncWork, AsyncWork]] = [
            (lambda: face.set("async", value), lambda: client.set("bare async", text)),
            (lambda: face.get("async"), lambda: client.get("bare async")),
        ]
        alone = [await _ratio(work, floor, _one_by_one) for work, floor in pairs]
        return *alone, *[await _ratio(work, floor, _together) for work, floor in pairs]


async def _ratio(
    work: AsyncWork, floor: AsyncWork, seconds: Callable[[AsyncWork], Awaitable[float]]
) -> float:
    """Return the median of the ratios of several rounds, the two in turn."""
    await seconds(work)
    await seconds(floor)
    return median([await seconds(work) / await seconds(floor) for _ in range(ROUNDS)])


async def _one_by_one(work: AsyncWork) -> float:
    started = time.perf_counter()
    for _ in range(_TIMES):
        await work()
    return time.perf_counter() - started


async def _together(work: AsyncWork) -> float:
    async def repeat() -> None:
        for _ in range(5):
            await work()

    started = time.perf_counter()
    await asyncio.gather(*(repeat() for _ in range(_TOGETHER)))
    return time.perf_counter() - started

"""Rows of the table that are about waiting, and reads from memory."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles
from typing import Any

import redis

from benchmarks.ratios import Row, ratio
from graflow import RedisChannel

WAKES = 300
ROUNDS_OF_WAKES = 7
WAITERS = 10_000
IDLE = 5.0  # seconds


def on_a_server(client: redis.Redis, channel: RedisChannel) -> Iterator[Row]:
    """Measure wakes over messages, waiters that wait, and reads from memory."""
    yield (
        "a set to the waiter's wake, p99, over PUBLISH to a subscriber",
        wakes(client, channel),
        2.0,
    )
    connections, requests = asyncio.run(idle(client, channel))
    yield f"{WAITERS:,} waiters: connections for news", connections, 1.0
    yield f"{WAITERS:,} waiters: requests a second while idle", requests, 0.1
    settings = client.connection_pool.connection_kwargs
    cached = RedisChannel("bench", host=settings["host"], port=settings["port"], cache=True)
    cached.set("cached", 1)
    client.set("bare", 1)
    while not cached.backend.signals().is_live:
        time.sleep(0.001)
    time.sleep(0.1)
    yield (
        "cached get of an unchanged key, over GET",
        ratio(lambda: cached.get("cached"), lambda: client.get("bare"), 300),
        0.1,
    )
    cached.close()


def wakes(client: Any, channel: RedisChannel) -> float:
    """Return the ratio of the times that 99 of 100 wakes take at most, each from its cause on."""
    waits = channel.beside("wakes")
    ratios = []
    with client.pubsub(ignore_subscribe_messages=True) as subscriber:
        subscriber.subscribe("bench")
        while not subscriber.subscribed:
            subscriber.get_message(timeout=1)
        subscriber.get_message(timeout=0.1)

        def wait_for_number(number: int) -> None:
            waits.wait_for("number", lambda found: found == number)

        def wait_for_message(number: int) -> None:
            while subscriber.get_message(timeout=None) is None:
                pass

        for _ in range(ROUNDS_OF_WAKES):
            ours = p99(wait_for_number, lambda number: waits.set("number", number))
            waits.clear()
            bare = p99(wait_for_message, lambda number: client.publish("bench", number))
            ratios.append(ours / bare)
    return median(ratios)


def p99(wait: Callable[[int], object], cause: Callable[[int], object]) -> float:
    """Return the seconds that 99 of 100 wakes take at most."""
    caused, woken = [0.0] * WAKES, [0.0] * WAKES
    ready = threading.Semaphore(0)

    def waiter() -> None:
        for number in range(WAKES):
            ready.release()
            wait(number)
            woken[number] = time.perf_counter()

    thread = threading.Thread(target=waiter)
    thread.start()
    for number in range(WAKES):
        ready.acquire()
        time.sleep(0.002)  # it waits by now
        caused[number] = time.perf_counter()
        cause(number)
    thread.join()
    took = [end - begin for begin, end in zip(caused, woken, strict=True)]
    return quantiles(took, n=100)[98]


async def idle(client: redis.Redis, channel: RedisChannel) -> tuple[float, float]:
    """Return how many connections tell of changes, and how many requests are sent meanwhile."""
    waits = channel.beside("idle").aio
    waiting = [asyncio.create_task(waits.wait_for(f"key {number}")) for number in range(WAITERS)]
    signals: Any = channel.beside("idle").backend.signals()
    before = -1
    while before != (before := requests_of(client)) or not signals.is_live:
        await asyncio.sleep(1)
    await asyncio.sleep(IDLE)
    requests = (requests_of(client) - before) / IDLE
    clients: Any = client.client_list()
    connections = sum("t" in each["flags"] or "B" in each["flags"] for each in clients)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return connections, requests


def requests_of(client: redis.Redis) -> int:
    """Return how many commands the server has carried out, but for this look."""
    stats: Any = client.info("commandstats")
    own = ("cmdstat_info", "cmdstat_client|list")
    return sum(each["calls"] for name, each in stats.items() if name not in own)

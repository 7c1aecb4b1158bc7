"""Histories of eight processes on one key: each could have happened one at a time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import pytest

from graflow.channels.redis_channel import RedisChannel
from graflow.testing import Fault
from graflow.testing.linearizability import Operation, Recorder, check
from graflow.testing.properties.concurrency.several_keys import perform_transfer, step_transfer
from tests.channels.redis.racy import RacyChannel
from tests.programs import apart
from tests.proxy import run_proxy, url_of
from tests.servers import Server

PROCESSES = 8
CALLS = 30

ListState = tuple[str, ...] | None
Call = tuple[Any, ...]


def on_list(state: ListState, call: Call) -> tuple[ListState, Any]:
    """Return what a call makes of a list key, and what it returns."""
    name, *args = call
    items = state or ()
    if name == "append":
        return (*items, args[0]), len(items) + 1
    if name == "prepend":
        return (args[0], *items), len(items) + 1
    if name == "pop":
        return items[1:] or None, items[0] if items else None
    if name == "delete":
        return None, state is not None
    return state, None if state is None else list(items)


def on_number(state: int | None, call: Call) -> tuple[int | None, Any]:
    """Return what a call makes of a key that holds a number, and what it returns."""
    name, *args = call
    if name in {"atomic_add", "update"}:
        total = (state or 0) + args[0]
        return total, total
    if name == "delete":
        return None, state is not None
    return state, state


def perform(channel: RedisChannel, call: Call) -> Any:
    """Make a call on the channel."""
    name, *args = call
    if name == "update":
        return channel.update("key", lambda value: value + args[0], default=0)
    return getattr(channel, name)("key", *args)


def work(channel: RedisChannel, worker: int, calls: list[Call]) -> list[Operation]:
    """Make calls, and return the history of them."""
    recorder = Recorder(f"process {worker}")
    for call in calls:
        recorder.do(call, partial(perform, channel, call))
    return recorder.history


def under_lock(channel: RedisChannel, rounds: int) -> list[tuple[int, int]]:
    """Add 1 by reading and writing, each time under a lock; return fences and sums."""
    seen = []
    for _ in range(rounds):
        with channel.lock("key", timeout=60) as lock:
            total = channel.get("total", 0) + 1
            channel.set("total", total)
            seen.append((lock.fence, total))
    return seen


def list_calls(random: random.Random, worker: int) -> list[Call]:
    """Return calls on a list, no two of which add the same item."""
    names = random.choices(["append", "prepend", "pop", "get", "delete"], [6, 2, 5, 2, 1], k=CALLS)
    return [
        (name, f"{worker}:{number}") if name.endswith("pend") else (name,)
        for number, name in enumerate(names)
    ]


def number_calls(random: random.Random, worker: int) -> list[Call]:
    """Return calls on a number."""
    names = random.choices(["atomic_add", "update", "get", "delete"], [5, 3, 2, 1], k=CALLS)
    return [
        (name, random.randint(1, 9)) if name in {"atomic_add", "update"} else (name,)
        for name in names
    ]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Eight processes that share nothing with this one."""
    with ProcessPoolExecutor(PROCESSES, mp_context=apart()) as pool:
        list(pool.map(time.sleep, [0.2] * PROCESSES))  # all of them are there from now on
        yield pool


def history(pool: ProcessPoolExecutor, channel: RedisChannel, calls: Any) -> list[Operation]:
    """Return what eight processes did at once."""
    chance = random.Random(1)
    plans = [calls(chance, worker) for worker in range(PROCESSES)]
    done = pool.map(work, [channel] * PROCESSES, range(PROCESSES), plans)
    return [operation for operations in done for operation in operations]


def test_a_list(pool: ProcessPoolExecutor, redis_url: str) -> None:
    """Filled and emptied at both ends, read and deleted."""
    with RedisChannel("linear", url=redis_url) as channel:
        found = history(pool, channel, list_calls)
    assert len(found) == PROCESSES * CALLS
    verdict = check(found, on_list, None)
    assert verdict, verdict


def test_a_number(pool: ProcessPoolExecutor, redis_url: str) -> None:
    """Added to in both ways, read and deleted."""
    with RedisChannel("linear", url=redis_url) as channel:
        found = history(pool, channel, number_calls)
    assert len(found) == PROCESSES * CALLS
    verdict = check(found, on_number, None)
    assert verdict, verdict


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.HALVE])
def test_a_list_while_replies_are_lost(
    pool: ProcessPoolExecutor, server: Server, redis_url: str, fault: Fault
) -> None:
    """Every fifth reply, so that operations overlap with what is sent again."""
    with run_proxy(server, fault) as proxy, RedisChannel("linear", url=url_of(proxy)) as channel:
        proxy.every = 5
        found = history(pool, channel, list_calls)
        assert proxy.lost > CALLS
    verdict = check(found, on_list, None)
    assert verdict, verdict


def transfers(random: random.Random, worker: int) -> list[Call]:
    """Return transfers among three accounts, and looks at all of them."""
    names = ["transfer", "blind transfer", "to and fro", "balances"]
    return [(random.choice(names), worker, random.randint(1, 3)) for _ in range(CALLS)]


def transfer(channel: RedisChannel, worker: int, calls: list[Call]) -> list[Operation]:
    """Make transfers, and return the history of them."""
    recorder = Recorder(f"process {worker}")
    for call in calls:
        recorder.do(call, partial(perform_transfer, channel, call))
    return recorder.history


@pytest.mark.parametrize("fault", [None, Fault.CUT, Fault.HALVE])
def test_transfers(
    pool: ProcessPoolExecutor, server: Server, redis_url: str, fault: Fault | None
) -> None:
    """Of which each happens once or not at all, also where every fifth reply is lost."""
    with run_proxy(server, fault or Fault.CUT) as proxy:
        url = url_of(proxy) if fault else redis_url
        proxy.every = 5 if fault else 0
        with (
            RedisChannel("transfers", url=url) as channel,
            RedisChannel("transfers", url=redis_url) as direct,
        ):
            direct.clear()
            chance = random.Random(2)
            plans = [transfers(chance, worker) for worker in range(PROCESSES)]
            done = pool.map(transfer, [channel] * PROCESSES, range(PROCESSES), plans)
            found = [operation for operations in done for operation in operations]
            assert sum(direct.get_many(["a", "b", "c"]).values()) == 0
        assert proxy.lost > CALLS or not fault
    start: tuple[int, ...] = (0, 0, 0)
    verdict = check(found, step_transfer, start)
    assert verdict, verdict


def test_a_lock(pool: ProcessPoolExecutor, redis_url: str) -> None:
    """Nobody's addition is lost, and the fences tell in which order the holders came."""
    with RedisChannel("linear", url=redis_url) as channel:
        done = list(pool.map(under_lock, [channel] * PROCESSES, [10] * PROCESSES))
        assert channel.get("total") == PROCESSES * 10
    seen = sorted(pair for pairs in done for pair in pairs)
    assert [total for _, total in seen] == list(range(1, PROCESSES * 10 + 1))
    assert len({fence for fence, _ in seen}) == PROCESSES * 10


@pytest.mark.parametrize(("calls", "model"), [(list_calls, on_list), (number_calls, on_number)])
def test_a_racy_channel_is_caught(
    pool: ProcessPoolExecutor, redis_url: str, calls: Any, model: Any
) -> None:
    """One that reads and writes in two steps would not pass any of the above."""
    with RacyChannel("linear", url=redis_url) as channel:
        found = history(pool, channel, calls)
    assert not check(found, model, None)

"""Waiting on an event loop: the same operations, awaited."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelTimeoutError
from graflow.system.wakers import LoopWaker
from tests.patience import PATIENCE

Open = Callable[[str], Channel]


def test_many_tasks_wait(channel: Channel, open_channel: Open) -> None:
    """For keys, items and changes, on one thread, while another handle makes them."""

    async def main() -> None:
        waiting = [
            asyncio.create_task(channel.aio.wait_for(f"key {number % 3}", timeout=PATIENCE))
            for number in range(30)
        ]
        typed = asyncio.create_task(TypedChannel(channel, int).aio.wait_for("key 1"))
        item = asyncio.create_task(channel.aio.pop("list", timeout=math.inf))
        async with channel.aio.watch(prefix="key", start=False) as changes:
            other = open_channel("test")
            for number in range(3):
                await asyncio.to_thread(other.set, f"key {number}", number)
            await asyncio.to_thread(other.append, "list", "item")
            told = {(await anext(changes)).key for _ in range(3)}
            assert told == {"key 0", "key 1", "key 2"}
        assert await asyncio.gather(*waiting) == [number % 3 for number in range(30)]
        assert (await typed, await item) == (1, "item")
        with pytest.raises(ChannelTimeoutError):
            await channel.aio.wait_for("missing", timeout=0.01)
        assert await channel.aio.pop("list", "none", 0.01) == "none"

    asyncio.run(main())
    assert not channel.backend.signals().has_listeners


def test_a_cancelled_pop_loses_no_item(channel: Channel, open_channel: Open) -> None:
    """Wherever it is cancelled: each item is taken once, or still there, and others get theirs."""
    chance = random.Random(1)
    count, taken = 80, list[Any]()

    async def take() -> None:
        while True:
            waiting = asyncio.create_task(channel.aio.pop("list", timeout=math.inf))
            done, _ = await asyncio.wait([waiting], timeout=chance.uniform(0, 0.003))
            if not done:
                waiting.cancel()
            try:
                item = await waiting
            except asyncio.CancelledError:
                continue
            if item == "end":
                return
            taken.append(item)

    async def main() -> None:
        takers = [asyncio.create_task(take()) for _ in range(4)]
        other = open_channel("test")
        for number in range(count):
            await asyncio.to_thread(other.append, "list", number)
        while len(taken) < count:
            await asyncio.sleep(0.005)
        for _ in takers:
            await asyncio.to_thread(other.append, "list", "end")
        await asyncio.gather(*takers)

    asyncio.run(main())
    assert sorted(taken) == list(range(count))


@pytest.mark.needs_system
def test_the_end_of_the_loop_loses_no_item(channel: Channel) -> None:
    """It cancels all tasks, those included in which the channel does its work."""
    taken = list[Any]()

    async def take() -> None:
        taken.append(await channel.aio.pop("list", timeout=math.inf))

    async def main(turns: int) -> None:
        takers = [asyncio.create_task(take()) for _ in range(3)]
        if turns % 2:
            await asyncio.sleep(0.005)
        for item in range(3):
            channel.append("list", item)
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns % 3 == 0:
            takers[0].cancel()
            await asyncio.sleep(0)

    for turns in range(40):
        asyncio.run(main(turns))
        assert sorted([*taken, *channel.get("list", [])]) == [0, 1, 2]
        taken.clear()
        channel.delete("list")
    assert not channel.exists("list")


def test_a_cached_handle_awaits_the_store_where_it_decides(redis_url: str) -> None:
    """And reads what is unchanged at once."""

    async def main() -> None:
        with RedisChannel("test", url=redis_url, cache=True) as channel:
            other = RedisChannel("test", url=redis_url)
            while not channel.backend.signals().is_live:
                await asyncio.sleep(0.005)
            for number in range(50):
                await channel.aio.set("key", number)
                assert await channel.aio.get("key") == number
                other.set("key", -1)
                assert await channel.aio.update("key", lambda old: old * 10) == -10
                assert channel.get("key") == -10
                assert await channel.aio.exists("key")

    asyncio.run(main())


@pytest.mark.needs_system
def test_a_closed_loop_holds_nobody_up(channel: Channel) -> None:
    """Who waited there for an item, and was first in line, leaves the others their turn."""

    async def stand_in_line() -> LoopWaker:
        waker = LoopWaker()
        line.enter(waker)
        return waker

    line = channel.backend.signals().line("list")
    first, second = asyncio.run(stand_in_line()), asyncio.run(stand_in_line())
    channel.append("list", "item")
    assert channel.pop("list", timeout=PATIENCE) == "item"
    assert not line.is_first(first)
    assert not line.is_first(second)


def test_a_watch_goes_on_on_another_loop(channel: Channel) -> None:
    """It is told there what has changed meanwhile, and what changes then."""
    watch = channel.aio.watch("key", start=False)

    async def read(value: int) -> str:
        await watch.__aenter__()
        reading = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0.01)
        await channel.aio.set("key", value)
        return (await asyncio.wait_for(reading, PATIENCE)).kind

    assert [asyncio.run(read(value)) for value in range(3)] == ["set"] * 3

"""Many coroutines that want the same key or lock: all get through, and one at a time asks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from typing_extensions import override

from graflow import (
    AsyncChannel,
    AsyncTransaction,
    Channel,
    ChannelTimeoutError,
    LockReentryError,
)
from tests.patience import PATIENCE
from tests.testing.dict_channel import DictBackend, Store

Open = Callable[[str], Channel]


async def _add(tx: AsyncTransaction) -> None:
    await tx.set("sum", await tx.get("sum", 0) + 1)


async def _transact(face: AsyncChannel) -> None:
    await face.transact(_add, timeout=PATIENCE)


async def _lock(face: AsyncChannel) -> None:
    async with face.lock("sum", timeout=PATIENCE):
        await face.set("sum", await face.get("sum", 0) + 1)


@pytest.mark.needs_system
@pytest.mark.parametrize("change", [_transact, _lock])
def test_a_crowd_gets_through(open_channel: Open, change: Callable[[AsyncChannel], object]) -> None:
    """Two hundred tasks of two loops, and as many changes."""
    loops, tasks = 2, 100

    async def crowd() -> None:
        face = open_channel("test").aio
        async with asyncio.TaskGroup() as group:
            for _ in range(tasks):
                group.create_task(change(face))  # type: ignore[arg-type]

    threads = [threading.Thread(target=asyncio.run, args=[crowd()]) for _ in range(loops)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_channel("test").get("sum") == loops * tasks


class Asked(DictBackend):
    """Notes who asks for a lock, and has a queue."""

    prompt = True  # so that they ask in the order in which they come

    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.queue: list[str] = []
        self.asked: set[str] = set()

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.asked.add(owner)
        if self.queue and self.queue[0] != owner:
            return self.queue[0]
        taken = super().acquire(lock, owner, lease, least)
        if isinstance(taken, int):
            self.queue = [each for each in self.queue if each != owner]
        return taken

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        self.queue = [each for each in self.queue if patience or each != owner]
        if patience and owner not in self.queue:
            self.queue.append(owner)
        return self.queue.index(owner) if patience else 0


def test_one_of_a_loop_stands_in_the_queue_and_the_order_is_kept() -> None:
    """Who is behind asks once, when it comes, and then waits to be woken."""
    backend = Asked("test", Store())
    face = Channel(backend).aio
    order: list[int] = []

    async def take(number: int) -> None:
        async with face.lock("lock", timeout=PATIENCE):
            order.append(number)
            assert len(backend.queue) <= 1

    async def main() -> None:
        async with face.lock("lock"):
            tasks = []
            for number in range(20):
                tasks.append(asyncio.create_task(take(number)))
                await asyncio.sleep(0)
            while len(backend.asked) < 21:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            assert len(backend.queue) == 1
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert order == list(range(20))
    assert backend.queue == []


def test_who_is_cancelled_or_late_leaves_the_line(channel: Channel) -> None:
    """The first as well as those behind; the lock goes to who is left."""
    face = channel.aio

    async def take(timeout: float = PATIENCE) -> None:
        async with face.lock("lock", timeout=timeout):
            pass

    async def main() -> None:
        async with face.lock("lock"):
            tasks = [asyncio.create_task(take()) for _ in range(4)]
            late = [asyncio.create_task(take(0.05)) for _ in range(2)]
            done = await asyncio.gather(*late, return_exceptions=True)
            assert [type(each) for each in done] == [ChannelTimeoutError] * 2
            for task in (tasks[0], tasks[2]):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            with pytest.raises(LockReentryError):
                await take()
        await asyncio.gather(tasks[1], tasks[3])
        await take()

    asyncio.run(main())

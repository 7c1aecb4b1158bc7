"""Locks that coroutines take, beside threads and each other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from graflow import (
    AsyncChannel,
    Channel,
    ChannelTimeoutError,
    ChannelTypeError,
    LockDeadlockError,
    LockLostError,
    LockReentryError,
)
from tests.patience import PATIENCE

Open = Callable[[str], Channel]


def test_tasks_of_one_thread_take_turns(channel: Channel) -> None:
    """Whoever waits lets the others go on; those who came first have it first."""
    order: list[int] = []

    async def take(face: AsyncChannel, number: int) -> None:
        async with face.lock("lock", timeout=PATIENCE) as held:
            order.append(number)
            await asyncio.sleep(0.001)
            order.append(number)
            assert held.fence > 0
            assert not held.lost

    async def main() -> None:
        await asyncio.gather(*(take(channel.aio, number) for number in range(6)))

    asyncio.run(main())
    assert order[::2] == order[1::2]
    assert sorted(order[::2]) == list(range(6))


def test_a_task_does_not_wait_for_itself(channel: Channel) -> None:
    """It would wait for ever."""

    async def main(face: AsyncChannel) -> None:
        async with face.lock("lock"):
            with pytest.raises(LockReentryError):
                await face.lock("lock").acquire()
            with pytest.raises(LockReentryError):
                channel.lock("lock").acquire()

    asyncio.run(main(channel.aio))


def test_a_thread_that_would_block_the_loop_is_told(channel: Channel) -> None:
    """The other face can't let the holder go on; the error says what can."""

    async def main(face: AsyncChannel) -> None:
        async def block() -> None:
            with pytest.raises(LockDeadlockError, match=r"async with channel.aio.lock"):
                channel.lock("lock").acquire()

        async with face.lock("lock"):
            await asyncio.create_task(block())

    asyncio.run(main(channel.aio))


@pytest.mark.needs_system
def test_threads_and_tasks_exclude_each_other(open_channel: Open) -> None:
    """No two are inside at once, and every one of them gets in."""
    inside = 0
    entered = []

    def enter(number: int) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        entered.append(number)
        inside -= 1

    def thread() -> None:
        channel = open_channel("test")
        for _ in range(10):
            with channel.lock("lock", timeout=PATIENCE):
                enter(0)

    async def main() -> None:
        face = open_channel("test").aio

        async def task(number: int) -> None:
            for _ in range(5):
                async with face.lock("lock", timeout=PATIENCE):
                    enter(number)

        await asyncio.gather(task(1), task(2))

    threads = [threading.Thread(target=thread) for _ in range(2)]
    for each in threads:
        each.start()
    asyncio.run(main())
    for each in threads:
        each.join()
    assert len(entered) == 30


def test_a_time_that_is_over(open_channel: Open) -> None:
    """`timeout=0` asks once."""

    async def main() -> None:
        with open_channel("test").lock("lock"):
            face = open_channel("test").aio
            for timeout in (0, 0.05):
                with pytest.raises(ChannelTimeoutError):
                    await asyncio.create_task(face.lock("lock", timeout=timeout).acquire())

    asyncio.run(main())


def test_what_release_takes(channel: Channel) -> None:
    """What `acquire` returned, once."""

    async def main(face: AsyncChannel) -> None:
        lock = face.lock("lock")
        held = await lock.acquire()
        assert lock.fence == held.fence
        with pytest.raises(ChannelTypeError, match="released with what acquire returned"):
            await lock.release("lock")  # type: ignore[arg-type]
        await lock.release(held)
        with pytest.raises(LockLostError, match="already been released"):
            await held.release()
        async with await lock.acquire():
            pass
        async with face.lock("lock", timeout=0):
            pass

    asyncio.run(main(channel.aio))


@pytest.mark.parametrize("turns", range(0, 40, 3))
def test_a_wait_that_is_cancelled_leaves_no_lock(channel: Channel, turns: int) -> None:
    """Whenever that comes: before it asks, while it waits, or as the lock is granted."""

    async def main(face: AsyncChannel) -> None:
        holder = await face.lock("lock").acquire()

        async def wait() -> None:
            async with face.lock("lock", timeout=PATIENCE):
                pass

        waits = asyncio.create_task(wait())
        for turn in range(turns):
            if turn == turns // 2:
                await holder.release()
            await asyncio.sleep(0)
        waits.cancel()
        with suppress(asyncio.CancelledError):
            await waits
        if turns <= 1:
            await holder.release()
        await asyncio.create_task(_take_now(face))

    asyncio.run(main(channel.aio))


async def _take_now(face: AsyncChannel) -> None:
    async with face.lock("lock", timeout=PATIENCE):
        pass


@pytest.mark.parametrize("times", [1, 3])
def test_a_release_that_is_cancelled_frees_the_lock(channel: Channel, times: int) -> None:
    """At whatever await, also while the release waits behind what others do."""

    async def main(face: AsyncChannel) -> None:
        leaving = asyncio.Event()

        async def hold() -> None:
            async with face.lock("lock", lease=10 * PATIENCE):
                leaving.set()

        for turns in range(12):
            holder = asyncio.create_task(hold())
            await leaving.wait()
            leaving.clear()
            others = [asyncio.create_task(face.set(f"key {each}", 0)) for each in range(40)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(times):
                holder.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(holder, return_exceptions=True)
            await asyncio.create_task(_take_now(face))
            await asyncio.gather(*others)

    asyncio.run(main(channel.aio))


@pytest.mark.needs_system
def test_a_lock_is_free_after_the_end_of_the_loop(channel: Channel) -> None:
    """Of those who took it, wait for it, or are about to leave it when all tasks are cancelled."""
    tasks = list[asyncio.Task[None]]()

    async def main(face: AsyncChannel, turns: int) -> None:
        for _ in range(4):
            tasks.append(asyncio.create_task(hold(face)))
        for _ in range(turns):
            await asyncio.sleep(0)

    async def hold(face: AsyncChannel) -> None:
        async with face.lock("lock", timeout=PATIENCE, lease=10 * PATIENCE):
            await asyncio.sleep(0)

    for turns in range(24):
        asyncio.run(main(channel.aio, turns))
        with channel.lock("lock", timeout=PATIENCE):
            pass


def test_a_coroutine_that_is_dropped_frees_its_lock(channel: Channel) -> None:
    """In the background: the loop on which it could have done so is closed."""

    async def hold(taken: asyncio.Event) -> None:
        with suppress(RuntimeError):  # "no running event loop"
            async with channel.aio.lock("lock", lease=10 * PATIENCE):
                taken.set()
                await asyncio.sleep(PATIENCE)

    loop = asyncio.new_event_loop()
    holding = hold(taken := asyncio.Event())
    task: Any = loop.create_task(holding)
    loop.run_until_complete(taken.wait())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    task._log_destroy_pending = False
    holding.close()
    with channel.lock("lock", timeout=PATIENCE):
        pass

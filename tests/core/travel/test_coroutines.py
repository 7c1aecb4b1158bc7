"""Coroutines in other processes: one event loop for each process and run."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from graflow import RedisChannel, parallel, task, workflow
from tests.core.travelling import Elsewhere, wait_for

LOCK = asyncio.Lock()
"""Belongs to the loop of whoever has to wait for it first."""

BOTH = asyncio.Barrier(2)

KEPT: list[asyncio.Task[None]] = []
CLOSED: list[int] = []
"""The numbers of the background tasks that were cancelled in this process."""


@task
async def guarded(number: int) -> tuple[int, int]:
    """Share a lock with the other tasks of this process, and leave something behind."""
    KEPT.append(asyncio.create_task(background(number)))
    await asyncio.sleep(0)
    async with LOCK:
        await asyncio.sleep(0.001)
    return os.getpid(), id(asyncio.get_running_loop())


async def background(number: int) -> None:
    """Be there until the loop ends."""
    try:
        await asyncio.Event().wait()
    finally:
        CLOSED.append(number)


@task
async def meet() -> int:
    """Wait for another task of this process."""
    await BOTH.wait()
    return id(asyncio.get_running_loop())


@task
async def alone() -> None:
    """Wait for nobody."""
    await asyncio.sleep(0)


def look() -> tuple[int, list[str], list[int]]:
    """Return this process, the threads in it, and what was cancelled."""
    return os.getpid(), [thread.name for thread in threading.enumerate()], CLOSED


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("kind", ["spawn", "fork", "forkserver"])
def test_tasks_in_a_process_share_a_loop_that_ends_with_the_run(
    kind: str, channel: RedisChannel
) -> None:
    """Also where the pool stays: what they left is cancelled, and no thread stays."""
    with workflow("w", channel=channel) as wf:
        parallel(*(guarded(task_id=f"t{number}", number=number) for number in range(8)))
    with ProcessPoolExecutor(1, get_context(kind)) as pool:
        for run in (1, 2):
            results = wf.execute(executor=pool)
            assert len(set(results.values())) == 1

            def is_over(run: int = run) -> bool:
                pid, threads, closed = pool.submit(look).result()
                assert pid != os.getpid()
                return len(closed) == 8 * run and not any("loop" in name for name in threads)

            wait_for(is_over)


def test_tasks_at_the_same_time_in_one_process_share_a_loop(channel: RedisChannel) -> None:
    """As on a worker of a cluster that has several threads."""
    with workflow("w", channel=channel) as wf:
        parallel(*(meet(task_id=f"t{number}") for number in range(4)))
    assert len(set(wf.execute(executor=Elsewhere()).values())) == 1


def test_loops_of_the_last_runs_are_all_that_a_worker_keeps(channel: RedisChannel) -> None:
    """Where it isn't told that a run is over."""
    with workflow("w", channel=channel) as wf:
        alone(task_id="a") | alone(task_id="b")
    for _ in range(8):
        wf.execute(executor=Elsewhere())
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("graflow-w-loop") <= 4

"""A program with a pool most of whose processes get no task of a run: `URL NAME POOL WHOSE`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import loky

from graflow import RedisChannel, RunObserver, TaskEvent, TaskExecutionContext, task, workflow
from graflow.core.travel.executors import ExecutorSource

SIZE = 3


def started() -> Executor:
    """Return a pool whose processes have started before the run."""
    pool = ProcessPoolExecutor(SIZE, get_context("spawn"))
    for future in [pool.submit(time.sleep, 1) for _ in range(SIZE)]:
        future.result()
    return pool


def new() -> Executor:
    """Return a pool that has yet to start its processes."""
    return ProcessPoolExecutor(SIZE, get_context("fork"), greet, ("hello",))


def reusable() -> Executor:
    """Return a pool of loky."""
    make: Callable[..., Executor] = loky.get_reusable_executor
    return make(SIZE, timeout=600)


def greet(word: str) -> None:
    """Be the initializer of somebody's pool."""
    assert word == "hello"


POOLS: dict[str, Callable[[], Executor]] = {
    "a new pool": new,
    "a pool that has started": started,
    "loky": reusable,
}


@task(inject_context=True)
def hold(ctx: TaskExecutionContext) -> None:
    """Tell that it runs, and go on for long."""
    ctx.get_channel().set("running", True)
    time.sleep(600)


class Teller(RunObserver):
    """Puts the processes of a pool into the channel, once a task was given to it."""

    def __init__(self, channel: RedisChannel, pool: Any) -> None:
        """Tell of a pool."""
        self._channel = channel
        self._pool = pool

    def task_started(self, event: TaskEvent) -> None:
        """Tell."""
        self._channel.set("pids", list(self._pool._processes))


def main(url: str, name: str, kind: str, whose: str) -> None:
    """Run one task, and tell which processes there are."""
    pool: Any = POOLS[kind]()
    made: ExecutorSource = pool if whose == "of the caller" else lambda: pool
    with RedisChannel(name, url=url) as channel, workflow("w", channel=channel) as wf:
        hold(task_id="hold")
        wf.execute(executor=made, observers=[Teller(channel, pool)])


if __name__ == "__main__":
    main(*sys.argv[1:])

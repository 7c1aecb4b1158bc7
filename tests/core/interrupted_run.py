"""A program that runs a workflow which a test interrupts: `URL EXECUTOR CHECKPOINT [NAME]`."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from typing import Any

import loky
from distributed import Client, LocalCluster

from graflow import RedisChannel, TaskExecutionContext, parallel, task, workflow
from graflow.core.travel.executors import ExecutorSource


def cluster() -> Executor:
    """Start a cluster of two processes."""
    settings: Any = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    client: Any = Client(LocalCluster(**settings))  # type: ignore[no-untyped-call]
    executor: Executor = client.get_executor()
    return executor


EXECUTORS: dict[str, ExecutorSource | None] = {
    "process pool": partial(ProcessPoolExecutor, 2),
    "loky": partial(loky.get_reusable_executor, 2, timeout=60),
    "dask": cluster,
    "threads": None,
}


@task(inject_context=True)
def slow(ctx: TaskExecutionContext, number: int) -> None:
    """Hold a lock for half a second."""
    channel = ctx.get_channel()
    with channel.lock(f"lock {number}", timeout=0):
        channel.append("began", [number, os.getpid()])
        time.sleep(0.5)
    channel.append("ended", number)


def main(url: str, executor: str, checkpoint: str, name: str = "interrupted") -> None:
    """Run twenty of them, two at a time."""
    with RedisChannel(name, url=url) as channel, workflow("w", channel=channel) as wf:
        parallel(*(slow(task_id=f"slow {n}", number=n) for n in range(20)))
        wf.execute(executor=EXECUTORS[executor], max_workers=2, checkpoint=checkpoint)


if __name__ == "__main__":
    # A shell that starts the tests in the background has all that they start ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(*sys.argv[1:])

"""A program that runs a workflow which a test interrupts: `URL EXECUTOR CHECKPOINT`."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import loky

from graflow import RedisChannel, TaskExecutionContext, parallel, task, workflow

EXECUTORS = {
    "process pool": partial(ProcessPoolExecutor, 2),
    "loky": partial(loky.get_reusable_executor, 2, timeout=60),
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


def main(url: str, executor: str, checkpoint: str) -> None:
    """Run twenty of them, two at a time."""
    with RedisChannel("interrupted", url=url) as channel, workflow("w", channel=channel) as wf:
        parallel(*(slow(task_id=f"slow {n}", number=n) for n in range(20)))
        wf.execute(executor=EXECUTORS[executor], max_workers=2, checkpoint=checkpoint)


if __name__ == "__main__":
    # A shell that starts the tests in the background has all that they start ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(*sys.argv[1:])

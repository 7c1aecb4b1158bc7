"""Print a table of ratios: what runs take at scale, with checkpoints, and on other processes.

`python -m benchmarks.runs` measures both sides of each ratio in turn in one run. Each row says
what the functions of its tasks do. Beside the bare executor, a run also stores each result on the
server, and that is all there is to a task that does nothing.
"""

from __future__ import annotations

import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from distributed import Client, LocalCluster
from rich.console import Console
from rich.table import Table

from graflow import RedisChannel, TaskExecutionContext, chain, parallel, task, workflow
from graflow.channels.codec.codec import encode
from graflow.core.workflow import Workflow
from tests.servers import run_server

BUSY = 2.0  # ms
TASKS, LAYER = 10_000, 100
OVERHEAD = 400  # bytes
ROUNDS = 3

Row = tuple[str, float, float | None]
"""What was measured, the ratio, and its bound if it has one."""


def busy() -> int:
    """Keep a core busy."""
    until = time.perf_counter() + BUSY / 1000
    turns = 0
    while time.perf_counter() < until:
        turns += 1
    return 1


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return for how long the work keeps this process busy."""
    started = time.process_time()
    work()
    return time.process_time() - started


def layers(
    size: int, function: Callable[[], object], channel: RedisChannel | None = None
) -> Workflow:
    """Return a workflow of so many tasks, in layers that wait for each other."""
    step = task("step")(function)
    with workflow("bench", channel=channel) as wf:
        tasks = [step(task_id=f"task {number}") for number in range(size)]
        chain(*(parallel(*tasks[start : start + LAYER]) for start in range(0, size, LAYER)))
    return wf


def nothing() -> None:
    """Do nothing."""


def bare(executor: Executor, function: Callable[[], object]) -> None:
    """Hand the same functions to the executor, a layer at a time."""
    for _ in range(TASKS // LAYER):
        for future in [executor.submit(function) for _ in range(LAYER)]:
            future.result()


@contextmanager
def dask() -> Iterator[Executor]:
    """Run a cluster of two processes."""
    settings: Any = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        LocalCluster(silence_logs=50, **settings) as cluster,  # type: ignore[no-untyped-call]
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client.get_executor(pure=False)


def elsewhere() -> Iterator[Row]:
    """Measure runs on two other processes, over the bare executor."""
    work = f"{TASKS:,} tasks that keep a core busy for {BUSY:g} ms"
    with run_server("valkey-9") as server:
        channel = RedisChannel("bench", url=f"unix://{server.socket}")
        with ProcessPoolExecutor(2) as pool:
            found = over_bare(busy, channel, pool, rounds=2)
            yield f"{work}, on a process pool of 2, over the bare executor", found, 1.5
            found = over_bare(nothing, channel, pool, rounds=3)
            yield f"{TASKS:,} tasks that do nothing, on the same, over the bare", found, None
        with dask() as cluster:
            found = over_bare(busy, channel, cluster, rounds=1)
            yield f"{work}, on a Dask cluster of 2, over the bare executor", found, 1.5


def over_bare(
    function: Callable[[], object], channel: RedisChannel, pool: Executor, rounds: int
) -> float:
    """Return how much longer a workflow takes than its functions: the median of some rounds."""
    wf = layers(TASKS, function, channel)
    return median(
        seconds(lambda: wf.execute(executor=pool)) / seconds(lambda: bare(pool, function))
        for _ in range(rounds)
    )


def scale() -> Iterator[Row]:
    """Measure how the cost of a task in memory grows with their number."""
    few, many = layers(1_000, nothing), layers(100_000, nothing)
    ratios = []
    many.execute()  # the first run of a task reads its annotations
    for _ in range(ROUNDS):
        small = median(cpu_seconds(few.execute) for _ in range(15)) / 1_000
        ratios.append(cpu_seconds(many.execute) / 100_000 / small)
    yield (
        "a task (of 100,000) that does nothing over one of 1,000, in memory, CPU time",
        median(ratios),
        1.2,
    )
    few, many = layers(1_000, nothing), layers(50_000, nothing)
    ratio = most_bytes(many.execute) / 50_000 / (most_bytes(few.execute) / 1_000)
    yield "memory for such a task, of 50,000 over one of 1,000", ratio, 1.2


def memory() -> Iterator[Row]:
    """Measure the memory of tasks that do nothing, over that of their results in a dict.

    It is the most that Python has allocated at any time of the first run of a workflow, beyond the
    workflow itself: the channel in memory, the history and the context of the run, whatever it
    takes on the way, and what the workflow keeps for its next runs. In the dict are the keys and
    records that the channel has of the results; 400 bytes for each task are added to it.
    """
    step = task("step")(nothing)
    ids = [f"task {number}" for number in range(TASKS)]
    floor = most_bytes(lambda: {f"{task_id}.__result__": encode(None) for task_id in ids})
    for name, join in (("in a chain", chain), ("side by side", parallel)):
        with workflow("bench") as wf:
            join(*(step(task_id=task_id) for task_id in ids))
        run = most_bytes(partial(wf.execute, ret_context=True))
        what = f"memory for a task, of {TASKS:,} {name}, over its result in a dict and 400 bytes"
        yield what, run / (floor + OVERHEAD * TASKS), 1.5


def most_bytes(work: Callable[[], object]) -> int:
    """Return the most memory that Python allocates for the work at any time of it."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@task(inject_context=True)
def change(ctx: TaskExecutionContext) -> None:
    """Change a little of a big channel."""
    ctx.get_channel().set(f"key {ctx.task_id}", "x" * 1_000)
    ctx.get_channel().append("list", "x" * 100)


def checkpoints() -> Iterator[Row]:
    """Measure 1,000 checkpoints of a run with a channel of 50 MB."""
    big: dict[str, object] = {f"big {number}": "x" * 50_000 for number in range(1_000)}
    with workflow("bench") as wf:
        chain(*(change(task_id=str(number)) for number in range(1_000)))
    with workflow("one") as one:
        task("one")(nothing) >> task("two")(nothing)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        ratios = []
        for _ in range(ROUNDS):
            whole = seconds(lambda: one.execute(initial_channel=big, checkpoint=path))
            written = path.stat().st_size
            without = seconds(lambda: wf.execute(initial_channel=big))
            saved = seconds(lambda: wf.execute(initial_channel=big, checkpoint=path))
            size = (path.stat().st_size - written) // 1_000
            plain = seconds(partial(plain_writes, Path(folder) / "plain", 1_000, size))
            ratios.append((saved - without - plain) / whole)
    yield "1,000 checkpoints beside 50 MB, less bare writes, over one", median(ratios), 3.0


def plain_writes(path: Path, times: int, size: int) -> None:
    """Write so many bytes so many times, each time to the disk."""
    with path.open("wb") as file:
        for _ in range(times):
            file.write(b"x" * size)
            file.flush()
            os.fsync(file.fileno())


def main() -> None:
    """Measure, and print the table."""
    table = Table("work", "ratio", "at most", title="Runs: medians of ratios in one run")
    for rows in (scale(), memory(), checkpoints(), elsewhere()):
        for name, found, bound in rows:
            table.add_row(name, f"{found:.2f}", "" if bound is None else f"{bound:.2f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

"""Print a table of ratios: what runs take on an event loop.

`python -m benchmarks.on_loops` measures both sides of each ratio in turn in one run.
"""

from __future__ import annotations

import asyncio
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.ratios import Row, seconds
from graflow import parallel, task, workflow
from graflow.core.workflow import Workflow

ROUNDS = 5
TASKS, RUNS = 10_000, 1_000
PAUSE = 0.5  # seconds


@task
async def pause() -> None:
    """Wait."""
    await asyncio.sleep(PAUSE)


@task
async def step() -> int:
    """Do nothing."""
    return 1


def sleepers() -> Workflow:
    """Return a workflow whose tasks all wait at the same time."""
    with workflow("sleepers") as wf:
        parallel(*(pause(task_id=f"task {number}") for number in range(TASKS)))
    return wf


def three_tasks() -> Workflow:
    """Return a workflow of three tasks, one after the other."""
    with workflow("three") as wf:
        step(task_id="a") >> step(task_id="b") >> step(task_id="c")
    return wf


async def gathered() -> None:
    """Let as many coroutines wait without a workflow."""
    await asyncio.gather(*(pause.run() for _ in range(TASKS)))


async def awaited(wf: Workflow) -> None:
    """Run a workflow many times at the same time, all on this loop."""
    await asyncio.gather(*(wf.aexecute() for _ in range(RUNS)))


async def in_threads(wf: Workflow) -> None:
    """Run a workflow many times, each time in a thread."""
    await asyncio.gather(*(asyncio.to_thread(wf.execute) for _ in range(RUNS)))


def many_tasks() -> Row:
    """Measure a run of many tasks."""
    wf = sleepers()
    found = [
        seconds(lambda: asyncio.run(wf.aexecute()), 1) / seconds(lambda: asyncio.run(gathered()), 1)
        for _ in range(ROUNDS)
    ]
    return f"{TASKS:,} async tasks that await {PAUSE} s, over asyncio.gather", median(found), 1.5


def many_runs() -> Row:
    """Measure many runs of a few tasks."""
    wf = three_tasks()
    found = [
        seconds(lambda: asyncio.run(awaited(wf)), 1)
        / seconds(lambda: asyncio.run(in_threads(wf)), 1)
        for _ in range(ROUNDS)
    ]
    return f"{RUNS:,} aexecute of three tasks, over to_thread(execute)", median(found), 0.5


def main() -> None:
    """Measure, and print the table."""
    table = Table("work", "ratio", "at most", title="Event loops: medians of ratios in one run")
    for name, found, bound in (many_tasks(), many_runs()):
        table.add_row(name, f"{found:.2f}", f"{bound:.2f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()

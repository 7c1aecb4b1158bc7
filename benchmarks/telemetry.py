"""Print a table of what telemetry costs: on beside off, for a run and for operations.

`python -m benchmarks.telemetry` measures both in turn. Spans go to a processor
that drops them, and metrics to a reader that nobody asks, so this is what graflow and the SDK take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import TypeAlias

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from rich.console import Console
from rich.table import Table

from benchmarks.ratios import ROUNDS, Work
from graflow import Channel, MemoryChannel, RedisChannel, parallel, task, workflow
from graflow.core.workflow import Workflow
from graflow.otel import instrument, uninstrument
from tests.servers import run_server

TASKS = 1_000

Row: TypeAlias = tuple[float, ...]
"""µs with telemetry, and without."""


@task
def nothing() -> None:
    """Do nothing."""


def thousand() -> Workflow:
    """Return a workflow of tasks that do nothing."""
    with workflow("telemetry") as wf:
        parallel(*(nothing(task_id=f"task {number}") for number in range(TASKS)))
    return wf


@contextmanager
def on() -> Iterator[None]:
    """Be instrumented meanwhile."""
    tracers = TracerProvider()
    tracers.add_span_processor(SpanProcessor())
    instrument(tracer_provider=tracers, meter_provider=MeterProvider([InMemoryMetricReader()]))
    try:
        yield
    finally:
        uninstrument()


def cpu_seconds(work: Work, times: int) -> float:
    """Return for how long this process is busy with doing the work so many times."""
    started = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - started


def compared(told: Work, without: Work, times: int) -> Row:
    """Return the medians of both, in µs for each time."""
    rounds = [(cpu_seconds(told, times), cpu_seconds(without, times)) for _ in range(ROUNDS)]
    return tuple(median(each) / times * 1e6 for each in zip(*rounds, strict=True))


def of_runs() -> Row:
    """Return what a task takes in a run of many."""
    wf = thousand()
    wf.execute()

    def told() -> None:
        with on():
            wf.execute()

    return tuple(each / TASKS for each in compared(told, wf.execute, 1))


def of_operations(open_channel: Callable[[], Channel]) -> Row:
    """Return what a `get` takes."""
    plain = open_channel()
    plain.set("key", 1)
    with on():
        measured = open_channel()
        return compared(partial(measured.get, "key"), partial(plain.get, "key"), 1_000)


def main() -> None:
    """Measure, and print."""
    table = Table("work", "on, µs", "off, µs", title="Telemetry: CPU time of this process")
    with run_server("valkey-9") as server:
        for name, row in {
            f"a task that does nothing, of {TASKS:,} on threads": of_runs(),
            "get in memory": of_operations(MemoryChannel),
            "get on a server": of_operations(partial(RedisChannel, "c", url=server.url)),
        }.items():
            table.add_row(name, *map("{:.1f}".format, row))
    Console().print(table)


if __name__ == "__main__":
    main()

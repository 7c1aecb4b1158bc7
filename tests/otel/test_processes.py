"""Spans of tasks in other processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import loky
import pytest
from distributed import Client, LocalCluster

from graflow import SQLiteChannel, parallel, workflow
from graflow.core.workflow import Workflow
from graflow.otel import uninstrument
from tests.otel.bare import imported
from tests.otel.elsewhere import Line, awaits, fails_once, lines_in, set_up, works


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Where all processes put their spans; this one is instrumented."""
    set_up(tmp_path / "spans")
    yield tmp_path / "spans"
    uninstrument()


@pytest.fixture
def channel() -> Iterator[SQLiteChannel]:
    """A channel that other processes reach; it was made before anything was instrumented."""
    with SQLiteChannel.temporary() as channel:
        yield channel


@pytest.fixture(params=["spawn", "fork", "loky", "dask"])
def executor(request: pytest.FixtureRequest, path: Path) -> Iterator[Any]:
    """Each kind of executor that leaves this process, whose workers are instrumented."""
    told: Any = {"initializer": set_up, "initargs": (path,)}
    if request.param == "dask":
        settings: Any = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}
        with (
            LocalCluster(silence_logs=False, **settings) as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            client.run(set_up, path)
            yield client.get_executor()
    elif request.param == "loky":
        yield partial(loky.ProcessPoolExecutor, 1, **told)
    elif request.param == "spawn":
        yield partial(ProcessPoolExecutor, 1, get_context("spawn"), **told)
    else:  # a forked process is instrumented as its parent is
        yield partial(ProcessPoolExecutor, 1, get_context("fork"))


def flow(channel: SQLiteChannel, path: Path) -> Workflow:
    """Return a workflow whose tasks return their processes and current spans."""
    with workflow("w", channel=channel) as wf:
        parallel(works, awaits, fails_once(mark=str(path.with_name("mark"))))
    return wf


def check_attempt(spans: dict[str, Line], name: str, seen: tuple[int, int]) -> None:
    """Check that a task saw the span of an attempt in its process, which is inside the task's."""
    task, attempt, run = spans[f"task {name}"], spans[f"attempt {name}"], spans["run w"]
    assert seen == (attempt["pid"], attempt["id"])
    assert attempt["parent"] == task["id"]
    assert task["parent"] == run["id"]
    assert {each["trace"] for each in (task, attempt)} == {run["trace"]}
    assert task["pid"] == run["pid"] == os.getpid() != attempt["pid"]
    assert not attempt["links"]


def test_an_attempt_elsewhere_has_a_span_inside_that_of_its_task(
    executor: Any, channel: SQLiteChannel, path: Path
) -> None:
    """One trace goes through all processes; functions and coroutines see where they are."""
    seen = flow(channel, path).execute(executor=executor)
    spans = lines_in(path)
    for name in ("works", "awaits", "fails_once"):
        check_attempt(spans, name, tuple(seen[name]))
    assert spans["task fails_once"]["events"] == ["graflow.task.retried"]
    outcomes = [line for line in path.read_text().splitlines() if '"attempt fails_once"' in line]
    assert ["exception" in line for line in outcomes] == [True, False]


def test_a_worker_without_telemetry_makes_no_span(channel: SQLiteChannel, path: Path) -> None:
    """It runs the tasks all the same, and imports nothing of OpenTelemetry for it."""
    with workflow("w", channel=channel) as wf:
        imported()
    pool = partial(ProcessPoolExecutor, 1, get_context("spawn"))
    assert wf.execute(executor=pool) == []
    spans = lines_in(path)
    assert spans.keys() == {"task imported", "run w"}
    assert all(line["pid"] == os.getpid() for line in spans.values())


def test_a_worker_with_telemetry_makes_no_span_for_a_run_without(
    channel: SQLiteChannel, tmp_path: Path
) -> None:
    """As it belongs to no trace."""
    path = tmp_path / "spans"
    pool: Callable[[], Executor] = partial(
        ProcessPoolExecutor, 1, get_context("spawn"), set_up, (path,)
    )
    seen = flow(channel, path).execute(executor=pool)
    assert [span for _, span in seen.values()] == [0, 0, 0]
    assert not path.exists()

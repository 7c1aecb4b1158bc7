"""Spans of runs and tasks inside one process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import StatusCode

from graflow import (
    MemoryChannel,
    RunEnded,
    SQLiteChannel,
    TaskExecutionContext,
    TaskFailedError,
    parallel,
    task,
    workflow,
)
from graflow.core.workflow import Workflow
from graflow.otel import instrument, uninstrument
from tests.core.travelling import Elsewhere
from tests.otel.conftest import Telemetry


def current() -> int:
    """Return the id of the span that is the current one."""
    return int(trace.get_current_span().get_span_context().span_id)


def span_id(span: ReadableSpan) -> int:
    """Return the id of a span."""
    assert span.context is not None
    return int(span.context.span_id)


@task
def plain() -> int:
    """Run on a thread, or wherever the run puts it."""
    return current()


@task
async def awaited() -> int:
    """Run on an event loop, before and after it has waited."""
    before = current()
    await asyncio.sleep(0)
    assert current() == before
    return before


@task(atomic=True)
def atomic() -> int:
    """Run inside a transaction."""
    return current()


@task(atomic=True)
async def awaited_atomic() -> int:
    """Run inside a transaction, on an event loop."""
    await asyncio.sleep(0)
    return current()


def called(wf: Workflow) -> Any:
    """Run a workflow, and wait for it."""
    return wf.execute()


def awaited_run(wf: Workflow) -> Any:
    """Run a workflow on an event loop."""
    return asyncio.run(wf.aexecute())


def streamed(wf: Workflow) -> Any:
    """Run a workflow, and return the result that its stream ends with."""
    *_, last = wf.stream()
    assert isinstance(last, RunEnded)
    return last.result


EACH_WAY = pytest.mark.parametrize("run", [called, awaited_run, streamed])


@EACH_WAY
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_task_sees_its_span_as_the_current_one(
    run: Callable[[Workflow], Any], kind: str, telemetry: Telemetry
) -> None:
    """On threads and on event loops, and in transactions; what it opens itself nests there."""
    channel = MemoryChannel() if kind == "memory" else SQLiteChannel.temporary()
    with channel:
        with workflow("w", channel=channel) as wf:
            parallel(plain, awaited, atomic, awaited_atomic)
        seen = run(wf)
    assert seen == {
        name: span_id(telemetry.span(f"task {name}"))
        for name in ("plain", "awaited", "atomic", "awaited_atomic")
    }
    assert telemetry.parents() == {f"task {name}": "run w" for name in seen} | {"run w": None}


@EACH_WAY
def test_a_run_is_inside_the_span_of_whoever_began_it(
    run: Callable[[Workflow], Any], telemetry: Telemetry
) -> None:
    """And what travels in the context besides reaches the tasks."""

    @task
    def carried() -> object:
        return baggage.get_baggage("tenant")

    with workflow("w") as wf:
        carried()
    with telemetry.tracer.start_as_current_span("request"):
        token = context.attach(baggage.set_baggage("tenant", "t1"))
        assert run(wf) == "t1"
        context.detach(token)
    assert telemetry.parents() == {
        "task carried": "run w",
        "run w": "request",
        "request": None,
    }


def test_after_a_run_the_current_span_is_what_it_was(telemetry: Telemetry) -> None:
    """In the thread and in the coroutine that waited."""

    async def waits() -> None:
        with telemetry.tracer.start_as_current_span("request") as request:
            await wf.aexecute()
            assert trace.get_current_span() is request

    with workflow("w") as wf:
        plain >> awaited
    wf.execute()
    assert not trace.get_current_span().get_span_context().is_valid
    asyncio.run(waits())


def test_spans_say_what_they_are_of(telemetry: Telemetry) -> None:
    """A run has its workflow, its id and its size; a task its id, its function and its attempts."""
    with workflow("w") as wf:
        plain(task_id="one") >> plain(task_id="two")
    _, run = wf.execute(ret_context=True)
    both = {"graflow.workflow.name": "w", "graflow.run.id": run.run_id}
    assert dict(telemetry.span("run w").attributes or {}) == {
        **both,
        "graflow.run.tasks": 2,
        "graflow.run.tasks.finished_before": 0,
        "graflow.outcome": "finished",
    }
    assert dict(telemetry.span("task one").attributes or {}) == {
        **both,
        "graflow.task.id": "one",
        "graflow.task.attempts": 1,
        "code.function.name": f"{__name__}.plain",
        "graflow.outcome": "finished",
    }


@EACH_WAY
def test_a_retry_is_an_event_of_the_one_span_of_a_task(
    run: Callable[[Workflow], Any], telemetry: Telemetry
) -> None:
    """Each attempt sees that span; the event says what was raised, but not its text."""
    seen: list[int] = []

    @task(max_retries=2, retry_delay=0)
    async def fails() -> None:
        seen.append(current())
        if len(seen) < 3:
            raise ValueError("a secret")

    with workflow("w") as wf:
        fails()
    run(wf)
    span = telemetry.span("task fails")
    assert seen == [span_id(span)] * 3
    assert [(each.name, dict(each.attributes or {})) for each in span.events] == [
        (
            "graflow.task.retried",
            {"graflow.task.attempt": number, "error.type": "ValueError", "graflow.task.pause": 0.0},
        )
        for number in (1, 2)
    ]
    assert (span.attributes or {})["graflow.task.attempts"] == 3
    assert span.status.status_code is StatusCode.UNSET


@EACH_WAY
def test_a_failure_is_recorded_by_the_task_and_the_run(
    run: Callable[[Workflow], Any], telemetry: Telemetry
) -> None:
    """With the exception; tasks that never began have no span."""

    @task
    def fails() -> None:
        raise ValueError("no")

    with workflow("w") as wf:
        fails >> plain
    with pytest.raises(TaskFailedError):
        run(wf)
    task_span, run_span = telemetry.spans()
    for span, error in ((task_span, "ValueError"), (run_span, "graflow.TaskFailedError")):
        attributes = span.attributes or {}
        assert attributes["graflow.outcome"] == "failed"
        assert attributes["error.type"] == error
        assert span.status.status_code is StatusCode.ERROR
        (event,) = span.events
        assert event.name == "exception"
        assert "no" in str((event.attributes or {})["exception.message"])
    assert task_span.status.description == "ValueError: no"


def test_a_cancelled_run_is_no_error(telemetry: Telemetry) -> None:
    """Its tasks end as cancelled, those of coroutines and those of others, and so does it."""
    begun = asyncio.Event()

    @task
    async def waits() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def cancels() -> None:
        run = asyncio.create_task(wf.aexecute())
        await begun.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    with workflow("w") as wf:
        waits()
    asyncio.run(cancels())
    for span in (telemetry.span("task waits"), telemetry.span("run w")):
        assert (span.attributes or {})["graflow.outcome"] == "cancelled"
        assert span.status.status_code is StatusCode.UNSET
        assert not span.events


def test_a_stream_that_is_left_ends_its_spans(telemetry: Telemetry) -> None:
    """As a cancelled run does."""

    @task(inject_context=True)
    async def emits(ctx: TaskExecutionContext) -> None:
        await ctx.aemit("here")
        await asyncio.Event().wait()

    with workflow("w") as wf:
        emits()
    events = wf.stream()
    next(events)
    events.close()
    assert (telemetry.span("run w").attributes or {})["graflow.outcome"] == "cancelled"


def test_an_interrupted_task_ends_its_span(telemetry: Telemetry) -> None:
    """What is no failure of a task ends the run, and the task counts as cancelled."""

    @task
    def interrupts() -> None:
        raise KeyboardInterrupt

    with workflow("w") as wf:
        interrupts()
    with pytest.raises(KeyboardInterrupt):
        wf.execute()
    assert [(span.attributes or {})["graflow.outcome"] for span in telemetry.spans()] == [
        "cancelled",
        "cancelled",
    ]


def test_a_resumed_run_has_a_span_of_its_own_under_the_same_id(
    telemetry: Telemetry, tmp_path: Path
) -> None:
    """It says how many tasks were done before."""
    fails = [True]

    @task
    def second() -> None:
        if fails:
            raise ValueError(fails.pop())

    with workflow("w") as wf:
        plain >> second
    with pytest.raises(TaskFailedError):
        wf.execute(checkpoint=tmp_path / "run.json")
    wf.resume(tmp_path / "run.json")
    before, after = [span.attributes or {} for span in telemetry.spans() if span.name == "run w"]
    assert before["graflow.run.id"] == after["graflow.run.id"]
    assert before["graflow.run.tasks.finished_before"] == 0
    assert after["graflow.run.tasks.finished_before"] == 1
    assert [span.name for span in telemetry.spans()].count("task plain") == 1


def test_runs_inside_tasks_nest(telemetry: Telemetry) -> None:
    """The run that a task begins is inside the span of the task."""

    @task
    def begins() -> None:
        inner.execute()

    with workflow("inner") as inner:
        plain()
    with workflow("outer") as outer:
        begins()
    outer.execute()
    assert telemetry.parents() == {
        "task plain": "run inner",
        "run inner": "task begins",
        "task begins": "run outer",
        "run outer": None,
    }


@pytest.mark.parametrize("moment", ["on_start", "on_end"])
def test_a_run_goes_on_when_telemetry_raises(
    moment: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What an exporter or a processor of the user raises is logged, and no failure of a task."""

    class Broken(SpanProcessor):
        pass

    def breaks(*_: object, **_more: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(Broken, moment, breaks, raising=False)
    told = Telemetry()
    told.tracers.add_span_processor(Broken())
    instrument(tracer_provider=told.tracers, meter_provider=told.meters)
    try:
        with workflow("w") as wf:
            plain >> awaited
        with caplog.at_level(logging.WARNING, "graflow.otel"):
            wf.execute()
            asyncio.run(wf.aexecute())
            with SQLiteChannel.temporary() as channel:
                with workflow("w", channel=channel) as wf:
                    plain >> awaited
                wf.execute(executor=Elsewhere())
    finally:
        uninstrument()
    assert "Telemetry raised ValueError" in caplog.text


def test_a_run_under_way_is_followed_to_its_end(telemetry: Telemetry) -> None:
    """Though graflow is uninstrumented meanwhile; runs that begin then are not followed."""

    @task
    def turns_off() -> None:
        uninstrument()

    with workflow("w") as wf:
        turns_off >> plain
    wf.execute()
    wf.execute()
    assert sorted(span.name for span in telemetry.spans()) == [
        "run w",
        "task plain",
        "task turns_off",
    ]

"""Spans of a run and of its tasks, wherever these are made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.util.types import AttributeValue

import graflow
from graflow.core.state.following import Luggage
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task
from graflow.otel import names
from graflow.otel.meters import SCHEMA, Meters, error_name, harmless, tell_of
from graflow.system.packed_errors import describe

__all__ = ["Tracing"]

_CANCELLED = (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)


class Tracing:
    """The maker of spans."""

    def __init__(self, provider: TracerProvider | None, meters: Meters) -> None:
        """Make spans with a provider, or with the global one."""
        self._tracer = trace.get_tracer("graflow", graflow.__version__, provider, SCHEMA)
        self._meters = meters

    def follow(self, state: RunState, tasks: int, finished: int) -> RunSpans | None:
        """Begin the span of a run, inside the current one; see `Follow`."""
        try:
            return RunSpans(self._tracer, self._meters, state, tasks, finished)
        except Exception as error:  # noqa: BLE001 - see `harmless`
            tell_of(error)
            return None

    @contextmanager
    def receive(self, luggage: Luggage, task: Task[..., Any], state: RunState) -> Iterator[None]:
        """Make the span of an attempt at a task whose own span is in another process."""
        try:
            outside = propagate.extract(luggage)
            span = self._tracer.start_span(
                f"attempt {task.task_id}",
                outside,
                attributes=_about_task(task, state),
                links=_other_traces(outside),
            )
            token = contexts.attach(trace.set_span_in_context(span, outside))
        except Exception as error:  # noqa: BLE001 - see `harmless`
            tell_of(error)
            yield
            return
        try:
            yield
        except BaseException as error:
            _end(span, error)
            raise
        else:
            _end(span, None)
        finally:
            contexts.detach(token)


class _TaskSpan(NamedTuple):
    """The span of a task, and when it began by `perf_counter`."""

    span: Span
    began: float


class RunSpans:
    """The spans of one run and of its tasks; see `Follower`.

    A task has one span, from its first attempt to the end of its last.
    """

    def __init__(
        self, tracer: Tracer, meters: Meters, state: RunState, tasks: int, finished: int
    ) -> None:
        """Begin the span of the run."""
        self._tracer, self._meters, self._state = tracer, meters, state
        self._workflow = {names.WORKFLOW: state.workflow_name}
        self._span = tracer.start_span(
            f"run {state.workflow_name}",
            attributes={
                **_about_run(state),
                names.TASK_COUNT: tasks,
                names.FINISHED_BEFORE: finished,
            },
        )
        self._inside = trace.set_span_in_context(self._span)
        self._began = perf_counter()
        self._tasks: dict[str, _TaskSpan] = {}
        self._is_over = False
        meters.active_runs.add(1, self._workflow)

    @harmless
    def begins(self, task: Task[..., Any], attempt: int) -> None:
        """Let the task see its span as the current one."""
        if not self._is_over:
            contexts.attach(trace.set_span_in_context(self._span_of(task)))

    def departs(self, task: Task[..., Any], attempt: int) -> Luggage:
        """Return how another process finds the span of the task."""
        luggage: dict[str, str] = {}
        try:
            inside = trace.set_span_in_context(self._span_of(task), self._inside)
            propagate.inject(luggage, inside)
        except Exception as error:  # noqa: BLE001 - see `harmless`
            tell_of(error)
        return luggage

    @harmless
    def retried(
        self, task: Task[..., Any], attempt: int, error: BaseException, pause: float
    ) -> None:
        """Note it as an event of the task's span."""
        about: dict[str, AttributeValue] = {
            names.ATTEMPT: attempt,
            names.ERROR: error_name(error),
            names.PAUSE: pause,
        }
        self._span_of(task).add_event(names.RETRIED, about)
        attributes = {**self._of_function(task), names.ERROR: error_name(error)}
        self._meters.retries.add(1, attributes)

    @harmless
    def finished(self, task: Task[..., Any], attempt: int) -> None:
        """End the span of the task."""
        self._end_task(task, attempt, None)

    @harmless
    def failed(self, task: Task[..., Any], attempt: int, error: BaseException) -> None:
        """End the span of the task with what it raised."""
        self._end_task(task, attempt, error)

    @harmless
    def close(self, error: BaseException | None) -> None:
        """End the span of the run, and those of tasks that were interrupted."""
        self._is_over = True
        for task_id in list(self._tasks):
            self._end_task(self._state.tasks[task_id], None, asyncio.CancelledError())
        attributes = {**self._workflow, **_ending(error)}
        self._meters.active_runs.add(-1, self._workflow)
        self._meters.runs.record(perf_counter() - self._began, attributes)
        _end(self._span, error)

    def _span_of(self, task: Task[..., Any]) -> Span:
        """Return the span of a task, which begins with its first attempt."""
        known = self._tasks.get(task.task_id)
        if known is None:
            about = _about_task(task, self._state)
            span = self._tracer.start_span(f"task {task.task_id}", self._inside, attributes=about)
            known = self._tasks[task.task_id] = _TaskSpan(span, perf_counter())
            self._meters.active_tasks.add(1, self._of_function(task))
        return known.span

    def _end_task(
        self, task: Task[..., Any], attempt: int | None, error: BaseException | None
    ) -> None:
        known = self._tasks.pop(task.task_id, None)
        if known is None:  # it was cancelled before it began
            return
        attributes = self._of_function(task)
        self._meters.active_tasks.add(-1, attributes)
        self._meters.tasks.record(perf_counter() - known.began, {**attributes, **_ending(error)})
        if attempt is not None:
            known.span.set_attribute(names.ATTEMPTS, attempt)
        _end(known.span, error)

    def _of_function(self, task: Task[..., Any]) -> dict[str, str]:
        return {**self._workflow, names.FUNCTION: _function_name(task)}


@harmless
def _end(span: Span, error: BaseException | None) -> None:
    """End a span with what was raised, unless that is a cancellation."""
    span.set_attributes(_ending(error))
    if error is not None and not isinstance(error, _CANCELLED):
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, describe(error)))
    span.end()


def _ending(error: BaseException | None) -> dict[str, str]:
    """Return attributes that say how something ended."""
    if error is None:
        return {names.OUTCOME: "finished"}
    if isinstance(error, _CANCELLED):
        return {names.OUTCOME: "cancelled"}
    return {names.OUTCOME: "failed", names.ERROR: error_name(error)}


def _about_run(state: RunState) -> dict[str, AttributeValue]:
    return {names.WORKFLOW: state.workflow_name, names.RUN: state.run_id}


def _about_task(task: Task[..., Any], state: RunState) -> dict[str, AttributeValue]:
    about = _about_run(state)
    return {**about, names.TASK: task.task_id, names.FUNCTION: _function_name(task)}


def _function_name(task: Task[..., Any]) -> str:
    """Return the full name of a task's function, or of the class of a callable object."""
    function = task.function
    named: Any = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def _other_traces(outside: Context) -> list[Link]:
    """Return a link to the span that a worker is in, if that belongs to another trace."""
    here = trace.get_current_span().get_span_context()
    there = trace.get_current_span(outside).get_span_context()
    return [Link(here)] if here.is_valid and here.trace_id != there.trace_id else []

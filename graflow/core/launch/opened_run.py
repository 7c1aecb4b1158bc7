"""A run from the opening of its channel to its end, for whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context
from dataclasses import replace
from os import PathLike
from typing import Any, NamedTuple
from uuid import uuid4

from graflow.channels.base import Channel
from graflow.core.checkpoint.checkpoint import Checkpoint, read_checkpoint
from graflow.core.checkpoint.claim import claimed
from graflow.core.graph.graph import RunPlan
from graflow.core.launch.execution import Execution
from graflow.core.launch.opening import ChannelSource, fill, open_run
from graflow.core.launch.preparing import prepared, watched
from graflow.core.launch.registered import registered
from graflow.core.launch.resuming import (
    check_values,
    match_channel,
    match_plan,
    match_start,
    match_workflow,
    refuse,
    restore,
)
from graflow.core.launch.returning import results_of_finished, returned
from graflow.core.launch.run_options import Options
from graflow.core.state.run_state import RunState
from graflow.exceptions import CheckpointNotFoundError
from graflow.system.calls_in_threads import directly, ending, entered
from graflow.system.without_threads import has_threads, run_alone

__all__ = [
    "Beginning",
    "OpenedRun",
    "Resumption",
    "RunRequest",
    "begun",
    "continued",
    "resumed",
]


class OpenedRun(NamedTuple):
    """A run that is open, inside the `with` block of a request.

    Attributes:
        plan: Its tasks.
        state: What all parts of it share.
        execution: What runs the tasks; `None` if the run has finished before.
    """

    plan: RunPlan
    state: RunState
    execution: Execution | None

    def run(self) -> dict[str, Any]:
        """Run the tasks, and return what the last ones returned, by id."""
        if self.execution is None:
            return results_of_finished(self.plan, self.state)
        return self.execution.run()

    async def arun(self, call: Callable[..., Awaitable[Any]]) -> dict[str, Any]:
        """Run the tasks on the running event loop; see `Execution.arun`."""
        if self.execution is None:
            found: dict[str, Any] = await call(results_of_finished, self.plan, self.state)
            return found
        return await self.execution.arun(call)


class RunRequest(NamedTuple):
    """A run that somebody asks for.

    Attributes:
        workflow: The workflow's name.
        source: Where its channel is from; `None` for a new one in memory.
        options: The options of the run.
        variables: The `ContextVar`s that tasks in this process see.
        opening: Opens it: `begun`, `resumed` or `continued`, with all arguments but the first.
        loop: The event loop that waits for the run; `None` if a thread does.
    """

    workflow: str
    source: ChannelSource | None
    options: Options
    variables: Context
    opening: Callable[[RunRequest], AbstractContextManager[OpenedRun]]
    loop: asyncio.AbstractEventLoop | None = None

    def execute(self, ret_context: bool = False) -> Any:
        """Run the tasks, and return what `Workflow.execute` returns."""
        if not has_threads():
            return run_alone(self.aexecute(ret_context))
        request = self._noted(ret_context)
        with request.opening(request) as run:
            results = run.run()
        return returned(results, run.state, ret_context)

    async def aexecute(self, ret_context: bool = False) -> Any:
        """Run the tasks on the running event loop, and return what `Workflow.aexecute` returns."""
        call = directly if self._is_prompt else ending
        request = self._noted(ret_context)
        opening = request.opening(request._replace(loop=asyncio.get_running_loop()))
        async with entered(opening, call) as run:
            results = await run.arun(call)
        return returned(results, run.state, ret_context)

    def _noted(self, ret_context: bool) -> RunRequest:
        """Return a request for the same run, noted if somebody gets its context."""
        options = self.options
        return self._replace(options=replace(options, notes=True)) if ret_context else self

    @property
    def _is_prompt(self) -> bool:
        """Whether neither opening the run nor closing it waits for anything."""
        simple = self.options.executor is None and self.options.checkpoint is None
        source = self.source
        return simple and (
            source is None or (isinstance(source, Channel) and source.backend.prompt)
        )


class Beginning(NamedTuple):
    """What a run begins with.

    Attributes:
        plan: Its tasks.
        values: What is to be in its channel first; `None` for nothing.
    """

    plan: RunPlan
    values: Mapping[str, object] | None


class Resumption(NamedTuple):
    """What a run is resumed with.

    Attributes:
        path: Its checkpoint.
        plan_from: Returns the workflow's plan, from a given task on or as a whole.
        values: What is to be in its channel before it goes on; `None` for nothing.
    """

    path: str | PathLike[str]
    plan_from: Callable[[str | None], RunPlan]
    values: Mapping[str, object] | None


@contextmanager
def begun(request: RunRequest, beginning: Beginning) -> Iterator[OpenedRun]:
    """Open a run that begins.

    Args:
        request: The run.
        beginning: What it begins with.

    Raises:
        GraflowError: As for `Workflow.execute`.
    """
    path = request.options.checkpoint
    claim = nullcontext() if path is None else claimed(path, request.workflow)
    with claim, _begun(request, beginning) as run:
        yield run


@contextmanager
def resumed(request: RunRequest, resumption: Resumption) -> Iterator[OpenedRun]:
    """Open a run that was begun before.

    Args:
        request: The run.
        resumption: What it is resumed with.

    Raises:
        GraflowError: As for `Workflow.resume`.
    """
    with claimed(resumption.path, request.workflow), _resumed(request, resumption) as run:
        yield run


@contextmanager
def continued(
    request: RunRequest, beginning: Beginning, resumption: Resumption
) -> Iterator[OpenedRun]:
    """Open the run of a checkpoint if it has not finished, or else one that begins.

    Args:
        request: The run.
        beginning: What it begins with.
        resumption: What it is resumed with.

    Raises:
        GraflowError: As for `Workflow.run`.
    """
    with claimed(resumption.path, request.workflow):
        checkpoint = _unfinished(request, beginning, resumption.path)
        if checkpoint is not None:
            with _resumed(request, resumption, checkpoint) as run:
                # A copy of the file may not know that the run has finished since.
                is_over = run.execution is None and request.options.run_id is None
                if not is_over:
                    yield run
                    return
        with _begun(request, beginning) as run:
            yield run


def _unfinished(
    request: RunRequest, beginning: Beginning, path: str | PathLike[str]
) -> Checkpoint | None:
    """Return the checkpoint of the run to go on with; `None` if one begins.

    Raises:
        CheckpointMismatchError: It is of a run that was to do something else.
    """
    try:
        checkpoint = read_checkpoint(path)
    except CheckpointNotFoundError:
        return None
    match_workflow(checkpoint, request.workflow)
    wanted = request.options.run_id
    if checkpoint.is_finished and wanted != checkpoint.run_id:  # what has an id happens once
        return None
    if wanted not in (None, checkpoint.run_id):
        refuse(
            request.workflow,
            f"it is of run {checkpoint.run_id!r}, which has not finished, and not of {wanted!r}; "
            "resume(path) finishes it",
        )
    match_start(checkpoint, request.workflow, beginning.plan.start)
    return checkpoint


@contextmanager
def _begun(request: RunRequest, beginning: Beginning) -> Iterator[OpenedRun]:
    options, plan = request.options, beginning.plan
    run_id = options.run_id
    state = open_run(request.workflow, request.source, plan.tasks, run_id or uuid4().hex)
    with registered(plan, state, options, named=run_id is not None) as run:
        if run.is_finished:
            yield OpenedRun(plan, state, None)
            return
        with prepared(plan, run.state, request.variables, options, {}) as preparation:
            if beginning.values is not None:
                fill(run.state, beginning.values)
            with watched(preparation, run.starts, request.loop) as execution:
                # Its own handle: whoever gets the context may write after the end of the run.
                yield OpenedRun(plan, replace(state, trail=run.state.trail), execution)


@contextmanager
def _resumed(
    request: RunRequest, resumption: Resumption, known: Checkpoint | None = None
) -> Iterator[OpenedRun]:
    options = request.options
    checkpoint = read_checkpoint(resumption.path) if known is None else known
    plan = match_plan(checkpoint, request.workflow, resumption.plan_from)
    state = open_run(request.workflow, request.source, plan.tasks, checkpoint.run_id)
    match_channel(checkpoint, state)
    finished = checkpoint.finished_tasks()
    is_done = finished.keys() >= plan.tasks.keys()
    values = None if is_done else resumption.values
    if values is not None:
        check_values(values, finished, state)
    with registered(plan, state, options, resumed=True, finished=finished) as run:
        if run.is_finished:
            yield OpenedRun(plan, state, None)
            return
        with prepared(plan, run.state, request.variables, options, finished) as preparation:
            restore(checkpoint, run.state, plan)
            if values is not None:
                fill(run.state, values)
            with watched(preparation, run.starts, request.loop) as execution:
                # Its own handle: whoever gets the context may write after the end of the run.
                yield OpenedRun(plan, replace(state, trail=run.state.trail), execution)

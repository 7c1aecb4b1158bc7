"""A run from the opening of its channel to its end, for whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context
from os import PathLike
from typing import Any, NamedTuple
from uuid import uuid4

from graflow.channels.base import Channel
from graflow.core.checkpoint.checkpoint import read_checkpoint
from graflow.core.checkpoint.claim import claimed
from graflow.core.graph.graph import RunPlan
from graflow.core.launch.execution import Execution
from graflow.core.launch.opening import ChannelSource, fill, open_run
from graflow.core.launch.preparing import prepared, watched
from graflow.core.launch.registered import registered
from graflow.core.launch.resuming import match_channel, match_plan, restore
from graflow.core.launch.returning import results_of_finished, returned
from graflow.core.launch.run_options import Options
from graflow.core.state.run_state import RunState
from graflow.system.calls_in_threads import directly, ending, entered
from graflow.system.without_threads import has_threads, run_alone

__all__ = ["OpenedRun", "RunRequest", "begun", "resumed"]


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
        opening: Opens it: `begun` or `resumed`, with all arguments but the first.
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
        with self.opening(self) as run:
            results = run.run()
        return returned(results, run.state, ret_context)

    async def aexecute(self, ret_context: bool = False) -> Any:
        """Run the tasks on the running event loop, and return what `Workflow.aexecute` returns."""
        call = directly if self._is_prompt else ending
        opening = self.opening(self._replace(loop=asyncio.get_running_loop()))
        async with entered(opening, call) as run:
            results = await run.arun(call)
        return returned(results, run.state, ret_context)

    @property
    def _is_prompt(self) -> bool:
        """Whether neither opening the run nor closing it waits for anything."""
        simple = self.options.executor is None and self.options.checkpoint is None
        source = self.source
        return simple and (
            source is None or (isinstance(source, Channel) and source.backend.prompt)
        )


@contextmanager
def begun(
    request: RunRequest, plan: RunPlan, values: Mapping[str, object] | None
) -> Iterator[OpenedRun]:
    """Open a run that begins.

    Args:
        request: The run.
        plan: Its tasks.
        values: What is to be in its channel first.

    Raises:
        GraflowError: As for `Workflow.execute`.
    """
    options, workflow = request.options, request.workflow
    run_id, path = options.run_id, options.checkpoint
    state = open_run(workflow, request.source, plan.tasks, run_id or uuid4().hex)
    with (
        nullcontext() if path is None else claimed(path, workflow),
        registered(plan, state, options, named=run_id is not None) as run,
    ):
        if run.is_finished:
            yield OpenedRun(plan, state, None)
            return
        with prepared(plan, run.state, request.variables, options, {}) as preparation:
            if values is not None:
                fill(run.state, values)
            with watched(preparation, run.starts, request.loop) as execution:
                yield OpenedRun(plan, state, execution)


@contextmanager
def resumed(
    request: RunRequest, path: str | PathLike[str], plan_from: Callable[[str | None], RunPlan]
) -> Iterator[OpenedRun]:
    """Open a run that was begun before.

    Args:
        request: The run.
        path: Its checkpoint.
        plan_from: Returns the workflow's plan, from a given task on or as a whole.

    Raises:
        GraflowError: As for `Workflow.resume`.
    """
    options, workflow = request.options, request.workflow
    with claimed(path, workflow):
        checkpoint = read_checkpoint(path)
        plan = match_plan(checkpoint, workflow, plan_from)
        state = open_run(workflow, request.source, plan.tasks, checkpoint.run_id)
        match_channel(checkpoint, state)
        finished = checkpoint.finished_tasks()
        with registered(plan, state, options, resumed=True) as run:
            if run.is_finished:
                yield OpenedRun(plan, state, None)
                return
            with prepared(plan, run.state, request.variables, options, finished) as preparation:
                restore(checkpoint, run.state, plan)
                with watched(preparation, run.starts, request.loop) as execution:
                    yield OpenedRun(plan, state, execution)

"""Rehearsals: runs in a test, with other tasks and on another channel than the workflow has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel, MemorySpace
from graflow.core.graph.graph import RunPlan
from graflow.core.launch.opened_run import OpenedRun, RunRequest
from graflow.core.launch.opening import ChannelSource
from graflow.core.run.attempt import keep
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task

__all__ = ["Rehearsal", "rehearsal"]


@dataclass
class Rehearsal:
    """How a workflow runs in a test, and what its tasks run besides.

    Attributes:
        workflow: The workflow; others that run meanwhile were begun by its tasks.
        tasks: What runs in place of its tasks, by id.
        results: What those of them return that do not really run, by id.
        retries: Whether tasks are retried, of all workflows.
        channel: Where its channel is from; `None` for memory in place of all channels that are
            shared with others.
        state: The run, once it is open.
    """

    workflow: object
    tasks: Mapping[str, Task[..., Any]]
    results: Mapping[str, object]
    retries: bool
    channel: ChannelSource | None
    state: RunState | None = None
    _space: MemorySpace = field(default_factory=MemorySpace)

    def plan(self, workflow: object, plan: RunPlan) -> RunPlan:
        """Return the plan of a run with the tasks that are to run."""

        def change(task: Task[..., Any]) -> Task[..., Any]:
            if workflow is self.workflow:
                task = self.tasks.get(task.task_id, task)
            return task if self.retries else task.without_retries()

        return plan.with_tasks(change)

    def request(self, workflow: object, request: RunRequest) -> RunRequest:
        """Return a request for a run on the channel that it is to have."""
        if workflow is not self.workflow:
            if self.channel is not None or not _is_shared(request.source):
                return request
            return request._replace(source=self._memory(request))
        return request._replace(
            source=self.channel or self._memory(request),
            options=replace(request.options, notes=True),
            opening=partial(self._opened, request.opening),
        )

    def _memory(self, request: RunRequest) -> ChannelSource | None:
        """Return memory in place of a channel; that of the same name is the same."""
        name, source, space = request.workflow, request.source, self._space
        if source is None:
            return None
        if isinstance(source, Channel):
            return MemoryChannel(source.name, space=space)
        return lambda run_id: MemoryChannel(f"{name}:{run_id}", space=space)

    @contextmanager
    def _opened(self, opening: Callable[[RunRequest], Any], request: RunRequest) -> Iterator[Any]:
        """Open the run, and note its state."""
        with opening(request) as run:
            assert isinstance(run, OpenedRun)
            self.state = run.state
            if run.execution is not None:
                for task_id in self.results.keys() - run.plan.tasks.keys():
                    keep(self.tasks[task_id], run.state, self.results[task_id])
            yield run


def _is_shared(source: ChannelSource | None) -> bool:
    return source is not None and (not isinstance(source, Channel) or source.shared)


rehearsal: ContextVar[Rehearsal | None] = ContextVar("graflow_rehearsal", default=None)
"""How the current code is to run workflows; `None` outside a test that says so."""

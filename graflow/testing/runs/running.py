"""`run_workflow` and `arun_workflow`: a run of a workflow in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from os import PathLike
from types import MappingProxyType
from typing import Any, TypeAlias, TypedDict, Unpack

from graflow.core.context import ExecutionContext
from graflow.core.launch.opening import ChannelSource
from graflow.core.launch.rehearsal import Rehearsal, rehearsal
from graflow.core.run.observers import AnyObserver
from graflow.core.task.task import Task
from graflow.core.workflow import Workflow
from graflow.exceptions import TaskFailedError
from graflow.testing.runs.clock import Clock, following, without_pauses
from graflow.testing.runs.stubs import Stubbed, stubbed
from graflow.testing.runs.workflow_run import RunRecorder, WorkflowRun

__all__ = ["RehearsalKeywords", "arun_workflow", "run_workflow"]

_ByTask: TypeAlias = Mapping[Task[..., Any] | str, object]
_Stubs: TypeAlias = Mapping[Task[..., Any] | str, Callable[..., object]]
_NONE: Mapping[Any, Any] = MappingProxyType({})


class RehearsalKeywords(TypedDict, total=False):
    """Keywords of `arun_workflow`; `run_workflow` explains them."""

    start_node: Task[..., Any] | str | None
    initial_channel: Mapping[str, object] | None
    results: _ByTask
    stubs: _Stubs
    retries: bool
    may_fail: bool
    clock: Clock | None
    channel: ChannelSource | None
    checkpoint: str | PathLike[str] | None
    run_id: str | None
    max_workers: int | None
    observers: Sequence[AnyObserver]


def run_workflow(
    wf: Workflow,
    *,
    start_node: Task[..., Any] | str | None = None,
    initial_channel: Mapping[str, object] | None = None,
    results: _ByTask = _NONE,
    stubs: _Stubs = _NONE,
    retries: bool = False,
    may_fail: bool = False,
    clock: Clock | None = None,
    channel: ChannelSource | None = None,
    checkpoint: str | PathLike[str] | None = None,
    run_id: str | None = None,
    max_workers: int | None = 1,
    observers: Sequence[AnyObserver] = (),
) -> WorkflowRun:
    """Run a workflow in a test: in memory, one task at a time, each once, in a stable order.

    Whatever channel the workflow was given, the run has a new one in memory, and so have workflows
    that its tasks run on channels that are shared with others: a test touches nothing that is
    real. Of the tasks that could start, that one does which has been able to for longest, and of
    several the one that was defined first.

    Args:
        wf: The workflow, which stays as it is.
        start_node: A task or its id; only this task and those after it are run.
        initial_channel: Values to put into the channel first, by key.
        results: What tasks return, by task or id, which then do not run; also those before the
            `start_node`.
        stubs: Functions to call in place of those of tasks, by task or id. A stub gets the
            arguments that the task would; one without parameters gets none. What it returns must
            fit the return annotation of the task.
        retries: Whether tasks are retried as often as they say. The pauses in between take no
            time: the clock moves on by them. By default the first failure is final.
        may_fail: Whether to return the run even if tasks fail, to look at what they raised.
        clock: The clock that everything is timed by; by default the one of the system.
        channel: A channel for the run, or a function from its id to one, in place of memory.
        checkpoint: A file that the run is saved to. As with `Workflow.run`, one that crashed or
            failed before goes on where it was.
        run_id: The id of the run, as for `Workflow.execute`.
        max_workers: How many tasks may run at the same time, >= 1; `None` for as many as usual.
            Tasks that wait for each other need more than 1.
        observers: Objects that are notified when a task starts, ends, fails or is retried.

    Returns:
        The run, with results, attempts, errors, the order of tasks, and the channel.

    Raises:
        TaskFailedError: Tasks failed, and `may_fail` is not set.
        TaskNotFoundError: The workflow does not contain a task that is named here.
        WorkflowStateError: Another clock is followed already.
        GraflowError: As for `Workflow.execute` and `Workflow.run`.
    """
    test = _Test(stubbed(wf, results, stubs), wf, retries, channel)
    asked: dict[str, Any] = {
        "start_node": start_node,
        "initial_channel": initial_channel,
        "run_id": run_id,
        "max_workers": max_workers,
        "observers": [test.recorder, *observers],
    }
    with test.rehearsing(clock), test.noting_failure(may_fail):
        if checkpoint is None:
            test.returned = wf.execute(**asked)
        else:
            test.returned = wf.run(checkpoint=checkpoint, **asked)
    return test.run()


async def arun_workflow(wf: Workflow, **options: Unpack[RehearsalKeywords]) -> WorkflowRun:
    """Run a workflow in a test on the running event loop, as `run_workflow` does elsewhere.

    Args:
        wf: The workflow.
        options: As for `run_workflow`.

    Raises:
        asyncio.CancelledError: This was cancelled.
        GraflowError: As for `run_workflow`.
    """
    given = stubbed(wf, options.get("results", _NONE), options.get("stubs", _NONE))
    test = _Test(given, wf, options.get("retries", False), options.get("channel"))
    asked: dict[str, Any] = {
        "start_node": options.get("start_node"),
        "initial_channel": options.get("initial_channel"),
        "run_id": options.get("run_id"),
        "max_workers": options.get("max_workers", 1),
        "observers": [test.recorder, *options.get("observers", ())],
    }
    checkpoint = options.get("checkpoint")
    with (
        test.rehearsing(options.get("clock")),
        test.noting_failure(options.get("may_fail", False)),
    ):
        if checkpoint is None:
            test.returned = await wf.aexecute(**asked)
        else:
            test.returned = await wf.arun(checkpoint=checkpoint, **asked)
    return test.run()


class _Test:
    """A run from what it is to be like to what comes of it.

    Attributes:
        recorder: It has to observe the run.
        returned: What the run returned.
    """

    def __init__(
        self, given: Stubbed, wf: Workflow, retries: bool, channel: ChannelSource | None
    ) -> None:
        self.recorder = RunRecorder(given.results.keys())
        self.returned: object = None
        self._error: TaskFailedError | None = None
        self._rehearsal = Rehearsal(wf, given.tasks, given.results, retries, channel)

    @contextmanager
    def rehearsing(self, clock: Clock | None) -> Iterator[None]:
        """Let the workflow run as this says, inside a `with` block."""
        skipping = without_pauses() if self._rehearsal.retries else nullcontext()
        with following(clock), skipping:
            token = rehearsal.set(self._rehearsal)
            try:
                yield
            finally:
                rehearsal.reset(token)

    @contextmanager
    def noting_failure(self, may_fail: bool) -> Iterator[None]:
        """Note that tasks failed, if they may."""
        try:
            yield
        except TaskFailedError as error:
            if not may_fail or self._rehearsal.state is None:
                raise
            self._error = error

    def run(self) -> WorkflowRun:
        """Return what came of it."""
        state, noted = self._rehearsal.state, self.recorder
        assert state is not None
        return WorkflowRun(
            ExecutionContext.of_run(state),
            tuple(noted.order),
            noted.attempts,
            {each: tuple(errors) for each, errors in noted.errors.items()},
            {each: tuple(values) for each, values in noted.emitted_values.items()},
            self._error,
            self.returned,
            tuple(state.tasks),
        )

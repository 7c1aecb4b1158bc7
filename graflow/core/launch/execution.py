"""The execution of a run from start to end: its executor, observers and checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from graflow.channels.codec.codec import Record
from graflow.core.checkpoint.checkpoint import FinishedTask
from graflow.core.checkpoint.journal import Journal
from graflow.core.context import ExecutionContext
from graflow.core.graph.graph import RunPlan
from graflow.core.graph.schedule import Schedule
from graflow.core.launch.run_options import MAX_WORKERS, Options
from graflow.core.run.base_run import BaseRun
from graflow.core.run.observers import Observers
from graflow.core.run.progress import Progress
from graflow.core.run.supervisor import Supervisor
from graflow.core.run.threads import Run
from graflow.core.state.run_state import RunState
from graflow.core.travel.arrival import check_arrival
from graflow.core.travel.dispatch import Dispatch
from graflow.core.travel.executors import Pool
from graflow.core.travel.marks import ChannelMarks, FolderMarks
from graflow.core.travel.parcel import Parcel, pack_run
from graflow.exceptions import ResultNotFoundError, WorkflowTypeError

__all__ = ["Execution", "prepared", "results_of", "results_of_finished"]

_QUEUED = 64
"""How many tasks, at least, an executor outside the process may be given at a time."""


@dataclass(frozen=True)
class Execution:
    """A run that has been prepared.

    Attributes:
        plan: The tasks and their order; the run uses it up.
        state: What all parts of the run share.
        variables: The `ContextVar`s that tasks in this process see.
        options: The options of the run.
        pool: Runs the tasks.
        parcel: What workers outside this process have to know; `None` if there are none.
        finished: The tasks that were done before, by id.
    """

    plan: RunPlan
    state: RunState
    variables: Context
    options: Options
    pool: Pool
    parcel: Parcel | None
    finished: Mapping[str, FinishedTask] = field(default_factory=dict)

    def run(self, starts: Callable[[BaseRun], object]) -> dict[str, Any]:
        """Run the tasks, and return what the last ones returned, by id.

        Args:
            starts: Called before the first task starts.
        """
        workflow, state, plan = self.state.workflow_name, self.state, self.plan
        with ExitStack() as stack:
            journal = self._journal()
            if journal is not None:
                stack.enter_context(journal)
            watching = list(self.options.observers)
            if self.options.progress:
                line = Progress(workflow, len(plan.tasks), len(self.finished))
                stack.enter_context(line)
                watching += [line] * line.shown
            observers = Observers(watching, workflow, state.run_id)
            stack.callback(observers.warn)
            supervisor = Supervisor(state, observers, journal)
            schedule = Schedule(plan, self.finished.keys())
            results = self._perform(schedule, supervisor, starts)
        return results_of(plan, state, results)

    def _perform(
        self, schedule: Schedule, supervisor: Supervisor, starts: Callable[[BaseRun], object]
    ) -> dict[str, Record]:
        state, limit = self.state, self.options.max_workers
        if self.parcel is not None:
            flights = limit or max(_QUEUED, 4 * self.pool.size())
            dispatch = Dispatch(schedule, state, supervisor, self.pool, flights, self.parcel)
            starts(dispatch)
            dispatch.execute()
            return {}
        seats = self.pool.limit()
        run = Run(
            schedule,
            state,
            supervisor,
            self.pool.executor,
            min(limit or MAX_WORKERS, seats or limit or MAX_WORKERS),
            keep=self.plan.last,
            variables=self.variables,
        )
        starts(run)
        run.execute()
        return run.results

    def _journal(self) -> Journal | None:
        if self.options.checkpoint is None:
            return None
        return Journal(
            self.options.checkpoint,
            self.state.channel,
            workflow=self.state.workflow_name,
            run_id=self.state.run_id,
            graph=self.plan.fingerprint(),
            start=self.plan.start,
            finished=self.finished,
        )


def results_of(
    plan: RunPlan, state: RunState, records: Mapping[str, Record] = MappingProxyType({})
) -> dict[str, Any]:
    """Return what the last tasks of a run returned, by id.

    Args:
        plan: The tasks.
        state: The run.
        records: Results that need not be read again.
    """
    context = ExecutionContext.of_run(state)
    return {
        task.task_id: (
            task.signature.result.load(records[task.task_id])
            if task.task_id in records
            else context.get_result(task)
        )
        for task in plan.last
    }


def results_of_finished(plan: RunPlan, state: RunState) -> dict[str, Any]:
    """Return what the last tasks of a run returned that has finished before.

    Raises:
        ResultNotFoundError: The run has no such result, or none any more.
    """
    try:
        return results_of(plan, state)
    except ResultNotFoundError as error:
        raise ResultNotFoundError(
            f"run {state.run_id!r} of workflow {state.workflow_name!r} has finished before, and "
            f"nothing runs again; but it has no result of task {error.task!r}, as the channel was "
            "cleared since, or the run had other tasks. Give another run_id",
            workflow=state.workflow_name,
            task=error.task,
            available=error.available,
        ) from error


@contextmanager
def prepared(
    plan: RunPlan,
    state: RunState,
    variables: Context,
    options: Options,
    finished: Mapping[str, FinishedTask],
) -> Iterator[Execution]:
    """Open the executor, and check that the tasks can get there; nothing has run yet.

    Raises:
        ExtraMissingError: A library is missing.
        WorkflowTypeError: The tasks or their channel can't leave this process.
    """
    workflow = state.workflow_name
    threads: partial[Executor] = partial(
        ThreadPoolExecutor,
        options.max_workers or MAX_WORKERS,
        thread_name_prefix=f"graflow-{workflow}",
    )
    with Pool(threads if options.executor is None else options.executor, workflow) as pool:
        if pool.shares_memory():
            yield Execution(plan, state, variables, options, pool, None, finished)
            return
        _check_channel(state)
        run = uuid4().hex
        marks = FolderMarks() if pool.is_near() else ChannelMarks(state.channel, run)
        with closing(marks):
            if isinstance(marks, FolderMarks):
                _have_attended(pool, marks)
            parcel = Parcel(run, pack_run(state, marks), marks)
            if plan.tasks.keys() - finished.keys():
                check_arrival(pool, parcel, state)
            yield Execution(plan, state, variables, options, pool, parcel, finished)


def _have_attended(pool: Pool, marks: FolderMarks) -> None:
    """Have all processes of a pool end with this one, even those that get no task of the run."""
    started = pool.greet(marks.attend)
    with suppress(RuntimeError):  # it is broken or shut down, as the run will find out
        for _ in range(started):
            pool.submit(marks.gather, started)


def _check_channel(state: RunState) -> None:
    if not state.channel.shared:
        raise WorkflowTypeError(
            f"the tasks of workflow {state.workflow_name!r} would run outside this process, "
            "where they can't see a channel in its memory. Give the workflow one in a file, or on "
            "a server:\n"
            '    workflow("name", channel=SQLiteChannel.per_run("name", "channels.db"))\n'
            '    workflow("name", channel=RedisChannel.per_run("name", url="redis://localhost"))',
            workflow=state.workflow_name,
        )

"""The preparation of a run: its executor, observers and checkpoint, opened and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from contextvars import Context, copy_context
from dataclasses import replace
from functools import partial
from uuid import uuid4

from graflow.core.checkpoint.checkpoint import FinishedTask
from graflow.core.checkpoint.journal import Journal
from graflow.core.graph.graph import RunPlan
from graflow.core.launch.execution import Execution, Preparation
from graflow.core.launch.run_options import MAX_WORKERS, Options
from graflow.core.run.base_run import BaseRun
from graflow.core.run.event_loop import EventLoop
from graflow.core.run.observers import HandedObservers, Observers, QueuedObservers
from graflow.core.run.progress import Progress
from graflow.core.run.supervisor import Supervisor
from graflow.core.state.following import FOLLOWING, Follower
from graflow.core.state.run_state import RunState
from graflow.core.travel.arrival import check_arrival
from graflow.core.travel.executors import Pool
from graflow.core.travel.mailbox import Mailbox
from graflow.core.travel.marks import ChannelMarks, FolderMarks
from graflow.core.travel.parcel import Parcel, pack_run
from graflow.exceptions import WorkflowTypeError
from graflow.system.without_threads import InTurn, has_threads

__all__ = ["prepared", "watched"]


@contextmanager
def prepared(
    plan: RunPlan,
    state: RunState,
    variables: Context,
    options: Options,
    finished: Mapping[str, FinishedTask],
) -> Iterator[Preparation]:
    """Open the executor, and check that the tasks can get there; nothing has run yet.

    Raises:
        ExtraMissingError: A library is missing.
        WorkflowTypeError: The tasks or their channel can't leave this process.
    """
    workflow = state.workflow_name
    source = _threads(options, workflow) if options.executor is None else options.executor
    with Pool(source, workflow) as pool:
        if pool.shares_memory():
            yield Preparation(plan, state, variables, options, pool, None, finished)
            return
        _check_channel(state)
        if state.crash is not None:
            raise WorkflowTypeError(
                "a crash can only be planned for tasks in this process; leave out the executor of "
                f"workflow {workflow!r}, or kill a process of your own that runs it",
                workflow=workflow,
            )
        run = uuid4().hex
        marks = FolderMarks() if pool.is_near() else ChannelMarks(state.channel, run)
        is_watched = any(hasattr(each, "emitted") for each in options.observers)
        mailbox = Mailbox(state.channel, run) if is_watched else None
        with closing(marks), nullcontext() if mailbox is None else closing(mailbox):
            if mailbox is not None:
                mailbox.open()
            if isinstance(marks, FolderMarks):
                _have_attended(pool, marks)
            packed = pack_run(replace(state, emitter=mailbox), marks)
            parcel = Parcel(run, packed, marks, mailbox)
            if plan.tasks.keys() - finished.keys():
                check_arrival(pool, parcel, state)
            yield Preparation(plan, state, variables, options, pool, parcel, finished)


def _threads(options: Options, workflow: str) -> Callable[[], Executor]:
    """Return what makes the executor of a run that was given none."""
    if not has_threads():
        return InTurn
    most = options.max_workers or MAX_WORKERS
    return partial(ThreadPoolExecutor, most, thread_name_prefix=f"graflow-{workflow}")


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


@contextmanager
def watched(
    prepared: Preparation,
    starts: Callable[[BaseRun], object],
    loop: asyncio.AbstractEventLoop | None,
) -> Iterator[Execution]:
    """Open the checkpoint, and what shows the run to others; nothing has run yet.

    Args:
        prepared: The run.
        starts: Called before the first task starts.
        loop: The event loop that waits for the run; `None` if a thread does.
    """
    state, options = prepared.state, prepared.options
    with ExitStack() as stack:
        follower = _follower(prepared)
        if follower is not None:
            stack.push(lambda kind, error, traceback: follower.close(error))
        journal = _journal(prepared)
        if journal is not None:
            stack.enter_context(journal)
        watching = list(options.observers)
        if options.progress:
            line = Progress(state.workflow_name, len(prepared.plan.tasks), len(prepared.finished))
            stack.enter_context(line)
            watching += [line] * line.shown
        about = watching, state.workflow_name, state.run_id
        if loop is None:
            own = EventLoop(f"graflow-{state.workflow_name}-observers")
            if watching:
                stack.callback(own.close)
            observers = Observers(*about, lambda told: own.run(told, copy_context(), "observer"))
        elif prepared.parcel is None:
            observers = QueuedObservers(*about, loop)
        else:
            observers = HandedObservers(*about, loop)
        stack.callback(observers.warn)
        stack.callback(observers.close)
        supervisor = Supervisor(state, observers, journal, follower)
        yield Execution(prepared, supervisor, observers, starts)


def _follower(prepared: Preparation) -> Follower | None:
    """Return the follower of a run, which sees the `ContextVar`s of whoever began it."""
    if FOLLOWING.follow is None:
        return None
    counts = len(prepared.plan.tasks), len(prepared.finished)
    return prepared.variables.copy().run(FOLLOWING.follow, prepared.state, *counts)


def _journal(prepared: Preparation) -> Journal | None:
    path, state, plan = prepared.options.checkpoint, prepared.state, prepared.plan
    if path is None:
        return None
    return Journal(
        path,
        state.channel,
        workflow=state.workflow_name,
        run_id=state.run_id,
        graph=plan.fingerprint(),
        start=plan.start,
        finished=prepared.finished,
        crash=state.crash,
    )

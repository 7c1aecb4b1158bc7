"""Registration of a run in its channel, from before its first task until after its last."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from graflow.core.graph.graph import RunPlan
from graflow.core.graph.workflow_graph import graph_of
from graflow.core.history.packed_graph import packed_graph_of
from graflow.core.history.trail import Trail, text_of
from graflow.core.launch.run_options import Options
from graflow.core.registry.run_records import RunRecord
from graflow.core.registry.stored_history import HistoryWriter, history_key
from graflow.core.registry.tenure import Tenure, begin, take_over
from graflow.core.run.base_run import BaseRun
from graflow.core.state.results import mark_key
from graflow.core.state.run_state import RunState
from graflow.exceptions import ChannelError, RunSupersededError
from graflow.system.clock import utc_now
from graflow.system.logs import RUN

__all__ = ["Registration", "registered"]


@dataclass
class Registration:
    """A run as its channel knows it.

    Attributes:
        state: The run, whose writes are refused once another process has taken it over.
        is_finished: Whether it was finished before, so that there is nothing to do.
    """

    state: RunState
    is_finished: bool = False
    _tenure: Tenure | None = None
    _history: HistoryWriter | None = None
    _has_begun: bool = False

    def starts(self, run: BaseRun) -> None:
        """Note that tasks may run from now on, and let `run` end if it is taken over.

        Raises:
            RunSupersededError: It has been already.
        """
        self._has_begun = True
        crash = self.state.crash
        if crash is not None:
            crash.when_it_happens(lambda: run.lose(crash.error()))
        if self._tenure is not None:
            self._tenure.when_lost = run.lose
            self._tenure.start()
        if self._history is not None:
            self._history.start()


@contextmanager
def registered(
    plan: RunPlan,
    state: RunState,
    options: Options,
    *,
    resumed: bool = False,
    named: bool = False,
    finished: Collection[str] = (),
) -> Iterator[Registration]:
    """Register a run, and note afterwards how it ended.

    A run on a channel of its own, in the memory of this process, is not registered.

    Args:
        plan: Its tasks.
        state: The run.
        options: Its options.
        resumed: Whether it was begun before.
        named: Whether somebody chose its id, and may choose it again.
        finished: The ids of the tasks that were done before.

    Raises:
        RunInProgressError: A run of this id has begun and has not finished; or, if it is resumed,
            someone else resumes it at this moment.
        RunSupersededError: Somebody else has taken it over.
    """
    if not state.is_registered:
        with _noted(plan, state, options, finished) as noted:
            yield Registration(noted)
        return
    tenure = _tenure(state, options, resumed=resumed, named=named)
    if tenure is None:
        yield Registration(state, is_finished=True)
        return
    trail = Trail(
        partial(graph_of, state.workflow_name, plan),
        partial(packed_graph_of, state.workflow_name, plan),
        finished,
    )
    history = HistoryWriter(trail, tenure)
    noted = replace(state.under(tenure.fence, tenure.results_last), trail=trail)
    registration = Registration(noted, _tenure=tenure, _history=history)
    marks = [mark_key(state.run_id, each.task_id) for each in plan.tasks.values() if each.atomic]
    results = state.results.stored_keys(plan.tasks)
    own = marks if state.results.is_alone else [*results, *marks]
    tenure.hidden = [history_key(state.run_id), *own]
    results += marks
    try:
        yield registration
    except BaseException as error:
        history.stop()
        if state.crash is not None and state.crash.has_happened:
            tenure.leave()  # the dead note nothing
            raise
        _end_badly(tenure, error, results, history, begun=registration._has_begun or resumed)
        raise
    history.stop()
    _end_well(tenure, results, history)


@contextmanager
def _noted(
    plan: RunPlan, state: RunState, options: Options, finished: Collection[str]
) -> Iterator[RunState]:
    """Note in memory what happens in a run of which its channel does not know, if that is asked."""
    graph = partial(graph_of, state.workflow_name, plan)
    trail = Trail(graph, finished=finished, notes=options.notes)
    error: BaseException | None = None
    try:
        yield replace(state, trail=trail)
    except BaseException as raised:
        error = raised
        raise
    finally:
        trail.end(error)


def _tenure(state: RunState, options: Options, *, resumed: bool, named: bool) -> Tenure | None:
    path = None if options.checkpoint is None else str(Path(options.checkpoint).absolute())
    record = RunRecord(
        workflow=state.workflow_name,
        number=1,
        state="running",
        begun=utc_now(),
        checkpoint=path,
        alone=state.results.is_alone,
        started=resumed or not named,
    )
    backend = state.channel.backend
    start = take_over if resumed else begin
    begun = start(backend, state.run_id, record, options.keep)
    return begun if isinstance(begun, Tenure) else None


def _end_badly(
    tenure: Tenure,
    error: BaseException,
    results: list[str],
    history: HistoryWriter,
    *,
    begun: bool,
) -> None:
    """Note that a run failed; an error on the way to that must not hide the failure."""
    try:
        if not begun:
            tenure.withdraw()
        elif not isinstance(error, RunSupersededError):
            tenure.end(text_of(error), results, history.rest)
        else:
            tenure.leave()
    except ChannelError as problem:
        _warn(tenure, problem)


def _end_well(tenure: Tenure, results: list[str], history: HistoryWriter) -> None:
    try:
        is_ours = tenure.end(None, results, history.rest)
    except ChannelError as problem:
        _warn(tenure, problem)  # all tasks have ended, and their results are stored
    else:
        if not is_ours:
            raise tenure.fence.passed()


def _warn(tenure: Tenure, problem: ChannelError) -> None:
    RUN.warning(
        "The end of run %r could not be noted in its channel (%s)",
        tenure.fence.run_id,
        type(problem).__name__,
        extra={"run_id": tenure.fence.run_id},
    )

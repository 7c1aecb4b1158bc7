"""Registration of a run in its channel, from before its first task until after its last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from graflow.channels.arguments import check_key
from graflow.core.graph.graph import RunPlan
from graflow.core.launch.run_options import Options
from graflow.core.registry.run_records import RunRecord
from graflow.core.registry.tenure import Tenure, begin, take_over
from graflow.core.run.base_run import BaseRun
from graflow.core.state.results import done_key
from graflow.core.state.run_state import RunState
from graflow.exceptions import ChannelError, RunSupersededError
from graflow.system.logs import RUN
from graflow.system.packed_errors import describe

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
    _has_begun: bool = False

    def starts(self, run: BaseRun) -> None:
        """Note that tasks may run from now on, and let `run` end if it is taken over."""
        self._has_begun = True
        if self._tenure is not None:
            self._tenure.when_lost = run.lose


@contextmanager
def registered(
    plan: RunPlan, state: RunState, options: Options, *, resumed: bool = False
) -> Iterator[Registration]:
    """Register a run, and note afterwards how it ended.

    A run on a channel of its own, in the memory of this process, is not registered.

    Raises:
        RunInProgressError: A run of this id has begun and has not finished; or, if it is resumed,
            someone else resumes it at this moment.
        RunSupersededError: Somebody else has taken it over.
    """
    if not state.is_registered:
        yield Registration(state)
        return
    tenure = _tenure(state, options, resumed=resumed)
    if tenure is None:
        yield Registration(state, is_finished=True)
        return
    registration = Registration(state.under(tenure.fence, tenure.results_last), _tenure=tenure)
    results = [check_key(state.results.key(task_id)) for task_id in plan.tasks]
    results += [done_key(state.run_id, each) for each in plan.tasks if plan.tasks[each].atomic]
    try:
        yield registration
    except BaseException as error:
        _end_badly(tenure, error, results, begun=registration._has_begun or resumed)
        raise
    _end_well(tenure, results)


def _tenure(state: RunState, options: Options, *, resumed: bool) -> Tenure | None:
    path = None if options.checkpoint is None else str(Path(options.checkpoint).absolute())
    record = RunRecord(
        workflow=state.workflow_name,
        number=1,
        state="running",
        begun=datetime.now(UTC),
        checkpoint=path,
        alone=state.results.is_alone,
    )
    backend = state.channel.backend
    start = take_over if resumed else begin
    begun = start(backend, state.run_id, record, options.keep)
    return begun if isinstance(begun, Tenure) else None


def _end_badly(tenure: Tenure, error: BaseException, results: list[str], *, begun: bool) -> None:
    """Note that a run failed; an error on the way to that must not hide the failure."""
    try:
        if not begun:
            tenure.withdraw()
        elif not isinstance(error, RunSupersededError):
            tenure.end(describe(error), results)
        else:
            tenure.leave()
    except ChannelError as problem:
        _warn(tenure, problem)


def _end_well(tenure: Tenure, results: list[str]) -> None:
    try:
        is_ours = tenure.end(None, results)
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

"""`RunHistory`: what has happened to the tasks of a run, put together from its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias

from typing_extensions import override

from graflow.core.graph.workflow_graph import WorkflowGraph
from graflow.core.history.task_history import TaskHistory, TaskState
from graflow.core.history.trail import FAILED, FINISHED, RETRIED, STARTED, Step, Trail
from graflow.system.notebooks import Shown, Sight

__all__ = [
    "RunHistory",
    "RunStateName",
    "noted_history",
    "told_by_steps",
]

RunStateName: TypeAlias = Literal["running", "finished", "failed", "dead"]


@dataclass(frozen=True, repr=False)
class RunHistory(Shown):
    """What has happened in a run, until the moment at which this was asked for.

    `run_history` and `ExecutionContext.history` return it. A notebook shows a picture and a table
    of the tasks, and rich prints the table.

    Attributes:
        run_id: The id of the run.
        workflow: The name of the workflow.
        state: `running`; `finished`; `failed`, if a task failed or the run was interrupted; or
            `dead`, if it has not ended and its process has not been heard of for 30 s.
        begun: When it began, in UTC.
        ended: When it ended; `None` if it has not.
        error: What ended it, as text of at most 2,000 characters; `None` if nothing did.
        graph: The tasks and their order.
        tasks: What has happened to each task, by its id, stage by stage, so that no task comes
            before one that it waits for.
    """

    run_id: str
    workflow: str
    state: RunStateName
    begun: datetime
    ended: datetime | None
    error: str | None
    graph: WorkflowGraph
    tasks: Mapping[str, TaskHistory]

    def counts(self) -> dict[TaskState, int]:
        """Return how many tasks are in each state, those with none included."""
        found = Counter(each.state for each in self.tasks.values())
        states: tuple[TaskState, ...] = ("waiting", "running", "retrying", "finished", "failed")
        return {state: found[state] for state in states}

    def to_svg(self, *, fold: bool = True) -> str:
        """Return a picture of the tasks, with their states, times and attempts, as SVG.

        Pointing at a task shows its last error.

        Args:
            fold: As for `Workflow.to_svg`. A box that stands for many tasks has the colour of the
                worst of them, and names those that failed.
        """
        from graflow.core.history import sights  # noqa: PLC0415 - few need it

        return sights.svg_of_run(self, fold=fold)

    def to_mermaid(self, *, fold: bool = True) -> str:
        """Return the same picture as a flowchart of Mermaid, which GitHub and others draw.

        Args:
            fold: As for `to_svg`.
        """
        from graflow.core.history import sights  # noqa: PLC0415 - few need it

        return sights.mermaid_of_run(self, fold=fold)

    @override
    def _sight(self) -> Sight:
        from graflow.core.history import sights  # noqa: PLC0415 - few need it

        return sights.sight_of(self)

    def __rich__(self) -> Any:
        """Return a table of the tasks, for rich to print."""
        from graflow.core.history import sights  # noqa: PLC0415 - few need it

        return sights.rich_table(self)

    def __repr__(self) -> str:
        """Show the run, its state, and how many tasks are in which."""
        counts = ", ".join(f"{many} {state}" for state, many in self.counts().items() if many)
        said = f"{self.state}; {counts or 'no tasks'}"
        return f"<history of run {self.run_id!r} of workflow {self.workflow!r}: {said}>"


def _as_datetime(microseconds: int) -> datetime:
    """Return a time that was noted in µs since 1970, in UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def noted_history(trail: Trail, run_id: str, results: Collection[str]) -> RunHistory:
    """Return what has happened in a run of this process, of which its channel does not know.

    Args:
        trail: What was noted.
        run_id: The id of the run.
        results: The ids of the tasks whose results are there.
    """
    graph = trail.graph()
    state: RunStateName = "running"
    if trail.ended is not None:
        state = "finished" if trail.error is None else "failed"
    finished = trail.finished if trail.notes else results
    tasks = told_by_steps(graph, [(finished, trail.steps())])
    ended = None if trail.ended is None else _as_datetime(trail.ended)
    begun = _as_datetime(trail.begun)
    return RunHistory(run_id, graph.name, state, begun, ended, trail.error, graph, tasks)


def told_by_steps(
    graph: WorkflowGraph, parts: Iterable[tuple[Collection[str], Iterable[Step]]]
) -> dict[str, TaskHistory]:
    """Return what has happened to each task of a graph, by its id, stage by stage.

    Args:
        graph: The tasks.
        parts: Each time that the run was begun or went on: the ids of the tasks that were done
            before, and the steps since.
    """
    nodes = sorted(graph.nodes, key=attrgetter("stage"))  # a chain may be defined from its end
    told = {node.task_id: _Told() for node in nodes}
    for finished, steps in parts:
        done = frozenset(finished)
        for task_id, task in told.items():
            task.go_on(task_id in done)
        for kind, task_id, at, *error in steps:
            if kind in _STEPS and task_id in told:  # a later graflow may note more
                _STEPS[kind](told[task_id], at, *error)
    return {task_id: task.history(task_id) for task_id, task in told.items()}


class _Told:
    """What has happened to a task so far; see `TaskHistory`."""

    __slots__ = ("attempts", "ended", "error", "started", "state", "traceback")

    def __init__(self) -> None:
        self.state: TaskState = "waiting"
        self.attempts = 0
        self.started: int | None = None
        self.ended: int | None = None
        self.error: str | None = None
        self.traceback: str | None = None

    def go_on(self, is_finished: bool) -> None:
        """The run goes on: what was under way, or failed, has come to nothing."""
        if is_finished:
            self.state = "finished"
        elif self.state != "waiting":
            self.state, self.started, self.ended = "waiting", None, None

    def start(self, at: int) -> None:
        """An attempt begins."""
        self.state = "running"
        self.attempts += 1
        if self.started is None:
            self.started = at

    def finish(self, at: int) -> None:
        """The task is done."""
        self.state, self.ended = "finished", at

    def retry(self, at: int, error: str, traceback: str | None) -> None:
        """An attempt failed, and another will follow."""
        self.state, self.error, self.traceback = "retrying", error, traceback

    def fail(self, at: int, error: str, traceback: str | None) -> None:
        """The task failed for good."""
        self.state, self.ended, self.error, self.traceback = "failed", at, error, traceback

    def history(self, task_id: str) -> TaskHistory:
        """Return it as those see it who asked."""
        return TaskHistory(
            task_id,
            self.state,
            self.attempts,
            None if self.started is None else _as_datetime(self.started),
            None if self.ended is None else _as_datetime(self.ended),
            self.error,
            self.traceback,
        )


_STEPS: Final[Mapping[str, Callable[..., None]]] = {
    STARTED: _Told.start,
    FINISHED: _Told.finish,
    RETRIED: _Told.retry,
    FAILED: _Told.fail,
}

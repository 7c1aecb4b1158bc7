"""Sights of a run: pictures and tables of what has happened to its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any, Final, Protocol

from graflow.core.graph.task_boxes import Fate, mermaid_of, svg_of
from graflow.core.graph.workflow_graph import WorkflowGraph
from graflow.core.history.task_history import TaskHistory, TaskState
from graflow.pictures.lettering import printable
from graflow.system.extras import require
from graflow.system.notebooks import Sight

__all__ = ["ToldRun", "mermaid_of_run", "rich_table", "sight_of", "svg_of_run"]

_ROWS: Final = 200  # of a table; a picture shows the others
_SAID: Final = 300  # characters of an error in a table
_COLOURS: Final = {
    "waiting": "dim",
    "running": "blue",
    "retrying": "yellow",
    "finished": "green",
    "failed": "red",
}
_CELL: Final = 'style="text-align:left;vertical-align:top"'


class ToldRun(Protocol):
    """What a `RunHistory` is here."""

    @property
    def run_id(self) -> str:
        """The id of the run."""

    @property
    def workflow(self) -> str:
        """The name of the workflow."""

    @property
    def state(self) -> str:
        """What has become of the run."""

    @property
    def graph(self) -> WorkflowGraph:
        """The tasks and their order."""

    @property
    def tasks(self) -> Mapping[str, TaskHistory]:
        """What has happened to each task."""

    def counts(self) -> dict[TaskState, int]:
        """Return how many tasks are in each state."""


def svg_of_run(history: ToldRun, *, fold: bool) -> str:
    """Return a picture of the tasks and of what has happened to them, as SVG."""
    title, nodes = _title(history), history.graph.nodes
    return svg_of(history.workflow, nodes, _fates(history), title, fold=fold)


def mermaid_of_run(history: ToldRun, *, fold: bool) -> str:
    """Return a picture of the tasks and of what has happened to them, as Mermaid."""
    title, nodes = _title(history), history.graph.nodes
    return mermaid_of(history.workflow, nodes, _fates(history), title, fold=fold)


def sight_of(history: ToldRun) -> Sight:
    """Return what a notebook shows of a run: a picture, and a table of its tasks."""
    return Sight(svg_of_run(history, fold=True), _html_table(history), repr(history))


def rich_table(history: ToldRun) -> Any:
    """Return a table of the tasks for rich to print.

    Raises:
        ExtraMissingError: rich is not installed.
    """
    text = require("rich.text", "progress", "a table of a run").Text
    title = text(_title(history))
    table = require("rich.table", "progress", "a table of a run").Table(title=title)
    for column in ("task", "state", "attempts", "time", "error"):
        table.add_column(column, overflow="fold")
    for task in history.tasks.values():
        task_id, state, *others = _row(task)
        table.add_row(text(task_id), text(state, _COLOURS[task.state]), *map(text, others))
    return table


def _title(history: ToldRun) -> str:
    counts = [f"{many:,} {state}" for state, many in history.counts().items() if many]
    said = f"{history.state}; {', '.join(counts) or 'no tasks'}"
    return f"run {history.run_id} of workflow {history.workflow}, {said}"


def _fates(history: ToldRun) -> Mapping[str, Fate]:
    most = {node.task_id: node.max_retries + 1 for node in history.graph.nodes}
    return {task_id: _fate(task, most.get(task_id, 1)) for task_id, task in history.tasks.items()}


def _fate(task: TaskHistory, most: int) -> Fate:
    """Say what has happened to a task that may be tried so many times."""
    time = _time(task)
    said = f"{task.state}{' in ' if task.state == 'finished' else ' after '}{time}" if time else ""
    attempts = _attempts(task, most)
    lines = (said or task.state, *([attempts] if attempts else []))
    return Fate(task.state, lines, task.error or "")


def _attempts(task: TaskHistory, most: int) -> str:
    if task.state in ("running", "retrying"):
        said = f"attempt {task.attempts} of {max(most, task.attempts)}" if most > 1 else ""
        return f"{said} failed" if said and task.state == "retrying" else said
    if task.state == "waiting" or task.attempts < 2:
        return ""
    return f"{task.attempts} attempts"


def _time(task: TaskHistory) -> str:
    """Say how long a task took, to three digits; empty if that is not known."""
    seconds = task.seconds
    if seconds is None:
        return ""
    if seconds >= 60:
        return str(timedelta(seconds=round(seconds)))
    if seconds < 1:
        return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms"
    return f"{seconds:.3g} s"


def _row(task: TaskHistory) -> tuple[str, str, str, str, str]:
    error = task.error or ""
    error = error if len(error) <= _SAID else f"{error[: _SAID - 1]}\u2026"
    return task.task_id, task.state, str(task.attempts or ""), _time(task), error


def _html_table(history: ToldRun) -> str:
    """Return a table of the tasks; of many, those that failed or are being retried come first."""
    tasks = list(history.tasks.values())
    if len(tasks) > _ROWS:
        tasks.sort(key=lambda task: task.state not in ("failed", "retrying"))
    head = "".join(
        f"<th {_CELL}>{name}</th>" for name in ("task", "state", "attempts", "time", "error")
    )
    rows = [
        "<tr>"
        + "".join(f"<td {_CELL}>{escape(printable(cell, lines=True))}</td>" for cell in _row(task))
        + "</tr>"
        for task in tasks[:_ROWS]
    ]
    more = f"<p>and {len(tasks) - _ROWS:,} more tasks</p>" if len(tasks) > _ROWS else ""
    return (
        f"<details><summary>{escape(printable(_title(history)))}</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"
        "</details>"
    )

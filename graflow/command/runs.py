"""Commands about runs: `runs` and `show`."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import typer

from graflow.channels.base import Channel
from graflow.command.arguments import AsJson, ChannelName, Url
from graflow.command.failures import BadArgument, NotThere, answering
from graflow.command.output.records import on_terminal, show_records, text_of, write
from graflow.command.places import opened
from graflow.core.history.run_history import RunHistory
from graflow.core.history.task_history import TaskHistory
from graflow.core.registry.run_records import RunInfo, run_ids
from graflow.core.registry.run_records import runs as runs_on
from graflow.core.registry.stored_history import run_history
from graflow.exceptions import RunNotFoundError

__all__ = ["runs", "show"]

RunId = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="The id of the run, or enough of its beginning; else it is the latest run.",
        show_default=False,
    ),
]

_RUN = ("run_id", "workflow", "state", "begun", "ended", "tasks_done", "last_error", "checkpoint")
_SHOWN_RUN = ("run_id", "workflow", "state", "begun", "seconds", "tasks_done")
_TASK = ("task_id", "state", "attempts", "started", "seconds", "error")


@answering
def runs(url: Url, channel: ChannelName, as_json: AsJson = False) -> None:
    """List the runs on a channel: those under way, and those of late.

    Example: graflow runs redis://localhost:6379/0 orders
    """
    with opened(url, channel) as looked_into:
        found = runs_on(looked_into)
    for_people = on_terminal() and not as_json
    if not show_records(_SHOWN_RUN if for_people else _RUN, map(_run_row, found), as_json=as_json):
        raise NotThere(f"channel {channel!r} knows of no runs")


@answering
def show(
    url: Url,
    channel: ChannelName,
    run: RunId = None,
    as_json: AsJson = False,
) -> None:
    """Show the tasks of a run, with their times and attempts, and what failed.

    Without RUN it is the run that began last. Where output is no terminal, each task is a line,
    with the traceback at its end.

    Example: graflow show redis://localhost:6379/0 orders 0b5c91
    """
    with opened(url, channel) as looked_into:
        history = _history(looked_into, run)
    tasks = list(history.tasks.values())
    if as_json or not on_terminal():
        show_records((*_TASK, "traceback"), map(_row, tasks), as_json=as_json)
        return
    write(_title(history))
    show_records(_TASK, ({**_row(task), "error": _first_line(task.error)} for task in tasks))
    for task in tasks:
        if task.traceback:
            _write_traceback(task, task.traceback)


def _history(channel: Channel, asked: str | None) -> RunHistory:
    """Return what happened in the run that is asked for: by its id, by how that begins, the last.

    The id in full is tried first, as looking for others goes through keys of the channel.
    """
    if asked is None:
        known = runs_on(channel)
        if not known:
            raise NotThere(f"channel {channel.name!r} knows of no runs")
        return run_history(channel, known[-1].run_id)
    with suppress(RunNotFoundError):
        return run_history(channel, asked)
    found = [run_id for run_id in run_ids(channel) if run_id.startswith(asked)]
    if len(found) > 1:
        raise BadArgument(f"the ids of {len(found)} runs begin with {asked!r}; write more of it")
    if not found:
        raise NotThere(
            f"channel {channel.name!r} knows of no run {asked!r}, or no more; "
            "`graflow runs` lists those that it knows"
        )
    return run_history(channel, found[0])


def _run_row(run: RunInfo) -> dict[str, Any]:
    seconds = None if run.ended is None else (run.ended - run.begun).total_seconds()
    return {**vars(run), "seconds": seconds}


def _row(task: TaskHistory) -> dict[str, Any]:
    return {name: getattr(task, name) for name in (*_TASK, "traceback")}


def _write_traceback(task: TaskHistory, traceback: str) -> None:
    failed = " failed" if task.state == "failed" else ", the last attempt that failed"
    write(f"{text_of(task.task_id)}{failed}:")
    for line in traceback.splitlines():
        write("  " + "".join(one if one.isprintable() else repr(one)[1:-1] for one in line))


def _first_line(error: str | None) -> str | None:
    first, newline, _ = (error or "").partition("\n")
    return f"{first} \u2026" if newline else error


def _title(history: RunHistory) -> str:
    parts = [f"run {text_of(history.run_id)} of {text_of(history.workflow)}: {history.state}"]
    parts.append(f"begun {history.begun:%Y-%m-%d %H:%M:%S} UTC")
    if history.ended is not None:
        seconds = (history.ended - history.begun).total_seconds()
        parts.append(f"ended after {seconds:,.3f} s")
    return "\n".join(filter(None, (", ".join(parts), text_of(_first_line(history.error)))))

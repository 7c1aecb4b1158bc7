"""Every picture of the documentation, by the name of its file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from graflow import RunHistory, TaskHistory, parallel, task, workflow
from graflow.core.history.task_history import TaskState
from graflow.pictures import Box, svg

__all__ = ["FOLDER", "PICTURES"]

FOLDER = Path(__file__).parents[2] / "docs/pictures"

_BEGUN: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def cafe() -> str:
    """The workflow on the start page."""
    orders = ("take_order", "take_another")
    return svg(
        "take_order and take_another run at the same time, then add_up",
        [*map(Box, orders), Box("add_up", orders)],
    )


def tutorial_tasks() -> str:
    """The workflow on the first page of the tutorial."""
    both = ("highest", "northernmost")
    return svg(
        "read, then highest and northernmost at the same time, then report",
        [Box("read"), *(Box(name, ("read",)) for name in both), Box("report", both)],
    )


def tutorial() -> str:
    """The workflow of the tutorial from its second page on."""
    regions = ("Africa", "America", "Asia", "Europe")
    return svg(
        "read, then a task for each of four regions at the same time, then report",
        [Box("read"), *(Box(name, ("read",)) for name in regions), Box("report", regions)],
    )


def channels() -> str:
    """What is between a task and the place where its values are."""
    return svg(
        "Tasks use typed channels; a channel is in memory, in a file or on a server",
        [
            Box("your tasks"),
            Box("typed channel", ("your tasks",), ("checks every value, both ways",)),
            Box("channel", ("typed channel",), ("one contract for all",)),
            Box("memory", ("channel",), ("one process",)),
            Box("an SQLite file", ("channel",), ("processes of a machine",)),
            Box("Redis, Valkey", ("channel",), ("many machines",)),
        ],
    )


@task
def list_pages() -> None:
    """List the pages."""


@task(max_retries=3)
def fetch() -> None:
    """Fetch a page."""


@task(atomic=True)
def index() -> None:
    """Put the pages into the index."""


def run() -> str:
    """A run that is under way, in the guide to workflows."""
    with workflow("pages") as wf:
        chosen = parallel(*(fetch(task_id=name) for name in ("home", "news", "shop")))
        others = parallel(*(fetch(task_id=f"page_{number}") for number in range(300)))
        list_pages >> (chosen | others)
        chosen >> index
        others >> fetch(task_id="archive")
    tasks = {
        "list_pages": _after(1.24, "list_pages", "finished", 1),
        "home": _after(0.41, "home", "finished", 2),
        "news": TaskHistory("news", "retrying", 1, error="TimeoutError: the server is busy"),
        "shop": _after(6.3, "shop", "failed", 4, "ConnectionError: no such host"),
        **{f"page_{n}": _after(0.5, f"page_{n}", "finished", 1) for n in range(250)},
        **{f"page_{n}": TaskHistory(f"page_{n}", "running", 1) for n in range(250, 279)},
        **{f"page_{n}": TaskHistory(f"page_{n}") for n in range(279, 300)},
        **{name: TaskHistory(name) for name in ("index", "archive")},
    }
    return wf.to_svg(
        RunHistory("monday", "pages", "running", _BEGUN, None, None, wf.graph(), tasks)
    )


def _after(
    seconds: float, task_id: str, state: TaskState, attempts: int, error: str | None = None
) -> TaskHistory:
    """Return what happened to a task that took so long."""
    ended = _BEGUN + timedelta(seconds=seconds)
    return TaskHistory(task_id, state, attempts, _BEGUN, ended, error)


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "cafe.svg": cafe,
    "channels.svg": channels,
    "run.svg": run,
    "tutorial.svg": tutorial,
    "tutorial_tasks.svg": tutorial_tasks,
}

"""A progress bar for a run, on the terminal or in a notebook."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from graflow.core.run.events import TaskEvent
from graflow.core.run.notebook_line import NotebookLine
from graflow.core.run.observers import RunObserver
from graflow.system.extras import require

__all__ = ["Progress"]


class Progress(RunObserver):
    """A line that shows tasks done, running and so on, and the time left, inside a `with` block.

    It is written to standard error, if that is a terminal. In a notebook it stands below the cell,
    and is one output, whatever happens. Anywhere else nothing is shown.

    Attributes:
        shown: Whether there is a terminal or a notebook.
    """

    def __init__(self, workflow: str, total: int, done: int) -> None:
        """Prepare the line.

        Args:
            workflow: The workflow's name.
            total: The number of tasks in the run.
            done: The number of those that were done before.

        Raises:
            ExtraMissingError: rich is not installed.
        """
        progress = require("rich.progress", "progress", "execute(progress=True)")
        markup = require("rich.markup", "progress", "execute(progress=True)")
        console = require("rich.console", "progress", "execute(progress=True)").Console(stderr=True)
        self._notebook: NotebookLine | None = None
        self.shown = bool(console.is_terminal or console.is_jupyter)
        self._running: set[str] = set()
        self._retrying: set[str] = set()
        self._done, self._failed = done, 0
        self._bar: Any = progress.Progress(
            progress.TextColumn(markup.escape(workflow)),
            progress.BarColumn(),
            progress.TextColumn("{task.description}"),
            progress.TimeRemainingColumn(),
            console=console,
            auto_refresh=not console.is_jupyter,
            disable=not self.shown,
        )
        if console.is_jupyter:
            self._notebook = NotebookLine(self._bar)
        self._line = self._bar.add_task(self._text(), total=total, completed=done)

    def __enter__(self) -> Self:
        """Show the line."""
        line = self._bar if self._notebook is None else self._notebook
        line.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the line as it is."""
        line = self._bar if self._notebook is None else self._notebook
        line.stop()

    def task_started(self, event: TaskEvent) -> None:
        """Count it as running."""
        self._retrying.discard(event.task_id)
        self._running.add(event.task_id)
        self._show()

    def task_finished(self, event: TaskEvent) -> None:
        """Count it as done."""
        self._running.discard(event.task_id)
        self._done += 1
        self._show()

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Count it as pausing before the next attempt."""
        self._running.discard(event.task_id)
        self._retrying.add(event.task_id)
        self._show()

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """Count it as failed."""
        self._running.discard(event.task_id)
        self._retrying.discard(event.task_id)
        self._failed += 1
        self._show()

    def _show(self) -> None:
        self._bar.update(self._line, completed=self._done, description=self._text())
        if self._notebook is not None:
            self._notebook.changed()

    def _text(self) -> str:
        retrying = f"{len(self._retrying)} retrying, " if self._retrying else ""
        return f"{self._done} done, {len(self._running)} running, {retrying}{self._failed} failed"

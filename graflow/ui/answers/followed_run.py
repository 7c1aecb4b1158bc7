"""`FollowedRun`: a run as it was read last, and which of its tasks have changed since when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

from graflow.core.history.run_history import RunHistory
from graflow.core.history.task_history import TaskHistory
from graflow.ui.answers.shared_reading import SharedReading

__all__ = ["FollowedRun"]

_AT_ONCE: Final = 1_000  # tasks in one answer, so that a reader takes them in small slices
_OFTEN: Final = 0.5  # s between two reads of a run that is under way
_SELDOM: Final = 5.0  # s; a run that has ended may be resumed
_LINE: Final = 300  # characters of an error in a table

Row = list[Any]
"""The place of a task in the graph, its id, state, attempts, begin and end in ms, and error."""


class FollowedRun:
    """A run that readers follow.

    All that follow it share what was read. Each change of a task gets the next number, so that a
    reader asks for what came after the number that it has.

    Attributes:
        epoch: Text that tells these numbers from those of another process or time.
    """

    def __init__(
        self, read: Callable[[], RunHistory], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what reads the run, and what tells the time."""
        self._reading = SharedReading(read, _pause_after, clock)
        self._lock, self._drawing = threading.Lock(), threading.Lock()
        self._history: RunHistory | None = None
        self._places: dict[str, int] = {}
        self._changed: dict[str, int] = {}  # the number of the last change, in ascending order
        self._number = 0
        self._drawn: tuple[int, str] = (-1, "")
        self.epoch = token_hex(8)

    def history(self) -> RunHistory:
        """Return the run, read anew if it is time."""
        with self._lock:
            return self._latest()

    def changes(self, epoch: str, since: int) -> dict[str, Any]:
        """Return the run without its tasks, and the tasks that changed after a number.

        Args:
            epoch: That of the reader's number; if it is another one, all tasks are new to it.
            since: The number.
        """
        with self._lock:
            history = self._latest()
            since = since if epoch == self.epoch else 0
            ids: list[str] = []
            for task_id in reversed(self._changed):
                if self._changed[task_id] <= since:
                    break
                ids.append(task_id)
            some = ids[::-1][:_AT_ONCE]
            return {
                "epoch": self.epoch,
                "since": since,
                "next": self._changed[some[-1]] if some else self._number,
                "more": len(some) < len(ids),
                "run": _shown(history),
                "tasks": [self._row(history.tasks[each]) for each in some],
            }

    def picture(self) -> str:
        """Return the graph with the states of the tasks, as SVG; drawn once for each change."""
        with self._drawing:  # others go on reading: a large graph takes a while
            with self._lock:
                history, number = self._latest(), self._number
            if self._drawn[0] != number:
                self._drawn = number, history.to_svg()
            return self._drawn[1]

    def _latest(self) -> RunHistory:
        history = self._reading.latest()
        if history is not self._history:
            self._note(history)
            self._history = history
        return history

    def _note(self, history: RunHistory) -> None:
        before = self._history.tasks if self._history else {}
        if history.tasks.keys() != before.keys():
            self._begin_anew(history)
        for task_id, task in history.tasks.items():
            if task_id not in self._changed or before.get(task_id) != task:
                self._number += 1
                self._changed.pop(task_id, None)
                self._changed[task_id] = self._number

    def _begin_anew(self, history: RunHistory) -> None:
        self._places = {task_id: place for place, task_id in enumerate(history.tasks)}
        self._changed.clear()
        self.epoch = token_hex(8)

    def _row(self, task: TaskHistory) -> Row:
        error = task.error
        if error is not None and len(error) > _LINE:
            error = f"{error[:_LINE]}…"
        return [
            self._places[task.task_id],
            task.task_id,
            task.state,
            task.attempts,
            milliseconds(task.started),
            milliseconds(task.ended),
            error,
        ]


def milliseconds(moment: datetime | None) -> int | None:
    """Return a moment as a page has it: ms since 1970."""
    return None if moment is None else round(moment.timestamp() * 1000)


def _shown(history: RunHistory) -> dict[str, Any]:
    return {
        "id": history.run_id,
        "workflow": history.workflow,
        "state": history.state,
        "begun": milliseconds(history.begun),
        "ended": milliseconds(history.ended),
        "error": history.error,
        "total": len(history.tasks),
        "counts": history.counts(),
    }


def _pause_after(history: RunHistory) -> float:
    return _OFTEN if history.state == "running" else _SELDOM

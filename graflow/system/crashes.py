"""Crashes that a test plans: from a moment of a run on, this process counts as dead for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

__all__ = ["Crash", "Moment", "PlannedCrash", "planned", "planning"]

Moment: TypeAlias = Literal["begins", "stored", "saved"]
"""A moment of a task: an attempt begins, the result is stored, or it is saved to any checkpoint."""


class Crash(BaseException):
    """The process was killed, for all that its runs know; a test has planned that.

    It is no `Exception`, so that code which handles failures does not handle this.
    """


class PlannedCrash:
    """A crash that happens when a task gets to a moment, and what ends with it.

    Attributes:
        task_id: The id of the task.
        has_happened: Whether it has; whoever belongs to the dead process may do nothing more.
        reached: The ids of the tasks that got to that moment.
    """

    def __init__(self, task_id: str, moment: Moment, attempt: int | None = None) -> None:
        """Plan it.

        Args:
            task_id: The task.
            moment: The moment.
            attempt: The number of the attempt, from 1; `None` for any.
        """
        self.has_happened = False
        self.reached: list[str] = []
        self.task_id, self._moment, self._attempt = task_id, moment, attempt
        self._lock = threading.Lock()
        self._dying: list[Callable[[], object]] = []

    def reach(self, moment: Moment, task_id: str, attempt: int) -> None:
        """Note that a task gets to a moment.

        Raises:
            Crash: It is the one, or the process is dead.
        """
        self.check()
        if moment != self._moment:
            return
        self.reached.append(task_id)
        if task_id == self.task_id and self._attempt in (None, attempt):
            self._happen()
            self.check()

    def check(self) -> None:
        """Raise if the process is dead.

        Raises:
            Crash: It is.
        """
        if self.has_happened:
            raise self.error()

    def error(self) -> Crash:
        """Return the error for whoever wants to go on in the dead process."""
        how = "before" if self._moment == "begins" else "after"
        return Crash(f"the process was to crash {how} task {self.task_id!r}, and has done so")

    def when_it_happens(self, call: Callable[[], object]) -> None:
        """Make a call when it happens; at once if it has."""
        with self._lock:
            self._dying.append(call)
        if self.has_happened:
            call()

    def _happen(self) -> None:
        with self._lock:
            self.has_happened = True
            dying, self._dying = self._dying, []
        for call in dying:
            call()


_planned: PlannedCrash | None = None
_turn = threading.Lock()


def planned() -> PlannedCrash | None:
    """Return the crash that is planned for the runs that begin now, if any."""
    return _planned


@contextmanager
def planning(crash: PlannedCrash) -> Iterator[bool]:
    """Let a crash end the runs that begin inside a `with` block, in any thread.

    It yields whether the crash is planned: a process dies once, so there is one at a time.
    """
    global _planned  # noqa: PLW0603
    with _turn:
        is_first = _planned is None
        if is_first:
            _planned = crash
    try:
        yield is_first
    finally:
        if is_first:
            _planned = None

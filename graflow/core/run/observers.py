"""Observers: callbacks that a run notifies of its progress."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from graflow.exceptions import WorkflowTypeError
from graflow.system.logs import RUN

__all__ = ["Observers", "RunObserver", "TaskEvent"]


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """An event in the life of a task.

    Attributes:
        workflow: The workflow's name.
        run_id: The id of the run.
        task_id: The id of the task.
        attempt: The number of the attempt at the task, from 1.
    """

    workflow: str
    run_id: str
    task_id: str
    attempt: int


class RunObserver(Protocol):
    """An observer of a run: `execute(observers=[...])` calls these methods.

    Derived classes override only the methods that they need. Calls come one at a time, but not
    always from the same thread, and tasks wait for them, so return soon. An observer that raises is
    not called again; the run continues, and ends with a `RuntimeWarning` that says so.
    """

    def task_started(self, event: TaskEvent) -> None:
        """An attempt at a task begins, or was handed to an executor outside the process."""
        return

    def task_finished(self, event: TaskEvent) -> None:
        """A task is done; its result has been stored, and saved to any checkpoint."""
        return

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """An attempt failed with `error`; there will be another in `pause` seconds."""
        return

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """A task failed with `error`, and will not be retried in this run."""
        return


class Observers:
    """The observers of a run."""

    def __init__(self, observers: Iterable[RunObserver], workflow: str, run_id: str) -> None:
        """Let `observers` watch the run.

        Raises:
            WorkflowTypeError: One of them lacks a method.
        """
        self._workflow = workflow
        self._run_id = run_id
        self._lock = Lock()
        self._observers = list(observers)
        self._problems: list[str] = []
        for observer in self._observers:
            for name in ("task_started", "task_finished", "task_retried", "task_failed"):
                if not callable(getattr(observer, name, None)):
                    raise WorkflowTypeError(
                        f"{observer!r} can't observe a run: it lacks the method {name}; derive "
                        "its class from RunObserver",
                        workflow=workflow,
                    )

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._observers)

    def started(self, task_id: str, attempt: int) -> None:
        """Report that an attempt begins."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_started(event))

    def finished(self, task_id: str, attempt: int) -> None:
        """Report that a task is done."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_finished(event))

    def retried(self, task_id: str, attempt: int, error: BaseException, pause: float) -> None:
        """Report that an attempt failed and another will follow."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_retried(event, error, pause))

    def failed(self, task_id: str, attempt: int, error: BaseException) -> None:
        """Report that a task failed."""
        event = self._event(task_id, attempt)
        self._tell(lambda observer: observer.task_failed(event, error))

    def warn(self) -> None:
        """Warn about the observers that raised."""
        problems, self._problems = self._problems, []
        for problem in problems:
            warnings.warn(problem, RuntimeWarning, stacklevel=2)

    def _event(self, task_id: str, attempt: int) -> TaskEvent:
        return TaskEvent(self._workflow, self._run_id, task_id, attempt)

    def _tell(self, call: Callable[[RunObserver], None]) -> None:
        with self._lock:
            for observer in list(self._observers):
                try:
                    call(observer)
                except Exception as error:  # noqa: BLE001 - an observer's own
                    self._observers.remove(observer)
                    RUN.warning(
                        "An observer (%s) raised %s and will not be sent any more events",
                        type(observer).__name__,
                        type(error).__name__,
                        extra={"run_id": self._run_id},
                    )
                    self._problems.append(
                        f"{observer!r} raised {error!r}, so the run of workflow "
                        f"{self._workflow!r} did not send it any more events"
                    )

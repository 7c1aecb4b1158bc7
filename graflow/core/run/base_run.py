"""The base of runs: failed attempts, retries, and how a run ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Lock
from typing import Any

from graflow.core.graph.schedule import Schedule
from graflow.core.run.delays import Pauses
from graflow.core.run.failures import raise_failures
from graflow.core.run.supervisor import Supervisor
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task
from graflow.exceptions import RunSupersededError
from graflow.system.crashes import Crash

__all__ = ["BaseRun", "BlockingRun"]


class BaseRun:
    """One run, wherever its tasks run, and whatever drives it; derived classes run the tasks.

    `_lock` guards the state that says whether there is more to do: the tasks that can start, those
    that wait for another attempt, and whether the run was stopped.
    """

    def __init__(self, schedule: Schedule, state: RunState, supervisor: Supervisor) -> None:
        """Prepare the run.

        Args:
            schedule: Which tasks can start; the run uses it up.
            state: What all parts of the run share.
            supervisor: Keeps track of the attempts.
        """
        self._schedule = schedule
        self._ready = schedule.ready
        self._state = state
        self._supervisor = supervisor
        self._lock = Lock()
        self._pauses = Pauses()
        self._failures: dict[str, BaseException] = {}
        self._crash: BaseException | None = None
        self._loss: BaseException | None = None

    def lose(self, error: BaseException) -> None:
        """Let the run end soon with an error; any thread may say so."""
        self._loss = error

    def _collapse(self, error: BaseException) -> None:
        """Let the run end with an error that is not the failure of a task."""
        self._crash = error
        self._stop()

    def _mind_loss(self) -> None:
        """End the run if it was lost; if its process counts as dead, also its coroutines."""
        if self._loss is not None and not self._stopped:
            self._collapse(self._loss)
        if isinstance(self._loss, Crash):
            self._cancel_coroutines()

    def _cancel_coroutines(self) -> None:
        """Cancel the coroutines of tasks, however often this is called."""

    def _fail(self, task: Task[..., Any], error: BaseException, *, retry: bool = True) -> None:
        """Retry a task later, or let the run end with its failure."""
        fatal = error if isinstance(error, RunSupersededError) else self._supervisor.death
        if fatal is not None:
            self._collapse(fatal)
            return
        pause = self._supervisor.retry(task, error) if retry else None
        if pause is not None:
            with self._lock:
                if not self._stopped:
                    self._pauses.begin(task, error, pause)
                    return
        self._give_up(task, error)
        self._stop()

    def _give_up(self, task: Task[..., Any], error: BaseException) -> None:
        self._supervisor.gave_up(task, error)
        with self._lock:
            self._failures[task.task_id] = error

    def _stop(self) -> None:
        """Start no more tasks."""
        with self._lock:
            self._supervisor.stopped = True
            self._ready.clear()
            waiting = self._pauses.cut()
        for task, error in waiting:
            self._give_up(task, error)

    def _conclude(self) -> None:
        """Raise what the run ended with, unless it did all its tasks.

        Raises:
            TaskFailedError: Tasks raised, or their workers died.
            BaseException: A task raised something other than a failure, see `is_failure`.
        """
        if self._crash is not None:
            raise self._crash
        raise_failures(self._failures, self._state.workflow_name)

    @property
    def _stopped(self) -> bool:
        return self._supervisor.stopped


class BlockingRun(BaseRun, ABC):
    """A run that the thread which began it drives, and waits for."""

    @abstractmethod
    def _go_on(self) -> None:
        """Run tasks until there are none left to run."""

    @abstractmethod
    def _wind_up(self) -> None:
        """Start no more tasks, and wait for those that are running; the run was interrupted."""

    def execute(self) -> None:
        """Run the tasks.

        If this is interrupted, it starts no more tasks and waits for those that are running.

        Raises:
            TaskFailedError: Tasks raised, or their workers died.
            WorkflowStateError: The executor is broken.
            BaseException: A task raised something other than a failure, see `is_failure`.
        """
        try:
            self._go_on()
        except BaseException:
            self._wind_up()
            raise
        self._conclude()

"""Supervisor of the attempts at tasks: events, checkpoints and retries."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from typing import Any

from graflow.channels.codec.codec import Record, decode
from graflow.core.checkpoint.checkpoint import FinishedTask
from graflow.core.checkpoint.journal import Journal
from graflow.core.run.observers import Observers
from graflow.core.state.following import Follower, Luggage
from graflow.core.state.results import digest_of_result
from graflow.core.state.run_state import RunState
from graflow.core.task.retries import Attempts
from graflow.core.task.task import Task
from graflow.system.crashes import Crash, Moment
from graflow.system.logs import RUN

__all__ = ["Supervisor"]


class Supervisor:
    """Keeps track of the attempts at tasks.

    Attributes:
        idle: Whether nobody is told, nothing is noted or saved, and no test has planned a crash:
            only failures matter.
        saves: Whether finished tasks are saved to a file.
        stopped: Whether no more tasks may start.
    """

    def __init__(
        self,
        state: RunState,
        observers: Observers,
        journal: Journal | None,
        follower: Follower | None = None,
    ) -> None:
        """Keep track of a run.

        Args:
            state: The run. When tasks end, what they passed to `ctx.checkpoint` is taken out.
            observers: Notified of events.
            journal: Where finished tasks are saved, if anywhere.
            follower: Called before the observers are, if there is one.
        """
        trail = state.trail
        self._trail = trail if trail is not None and trail.notes else None
        self._crash = state.crash
        others = observers or journal or self._crash or follower
        self.idle = not (others or self._trail)
        self._notes_only = None if others else self._trail
        self.saves = journal is not None
        self.stopped = False
        self._run_id = state.run_id
        self._metadata = state.metadata
        self._observers = observers
        self._journal = journal
        self._follower = follower
        self._is_on_server = state.channel.shared
        self._attempts: dict[str, Attempts] = {}

    @property
    def death(self) -> Crash | None:
        """What a run of a process ends with that counts as dead; `None` for one that lives."""
        crash = self._crash
        return None if crash is None or not crash.has_happened else crash.error()

    def begins(self, task: Task[..., Any], variables: Context | None = None) -> None:
        """Report that an attempt begins, which sees these `ContextVar`s, or the current ones.

        Raises:
            Crash: A test lets the process crash at this moment, or has done so.
        """
        if self._notes_only is not None:
            self._notes_only.started(task.task_id)
            return
        self._reach("begins", task)
        if self._follower is not None:
            enter = self._follower.begins
            if variables is None:
                enter(task, self._number(task))
            else:
                variables.run(enter, task, self._number(task))
        self.departed(task)

    def departs(self, task: Task[..., Any]) -> Luggage | None:
        """Return what an attempt takes along to another process."""
        if self._follower is None:
            return None
        return self._follower.departs(task, self._number(task))

    def departed(self, task: Task[..., Any]) -> None:
        """Report that an attempt begins elsewhere."""
        if self._trail is not None:
            self._trail.started(task.task_id)
        if self._observers:
            self._observers.started(task.task_id, self._number(task))

    def is_again(self, task: Task[..., Any]) -> bool:
        """Tell whether an earlier attempt in this run may have left a result."""
        return task.task_id in self._attempts

    def ended_with(self, task: Task[..., Any], record: Record) -> None:
        """Save that a task is done, which has stored this result, and report it."""
        if self._notes_only is not None:
            self._notes_only.finished_task(task.task_id)
            return
        saves = self._journal is not None and self._is_on_server
        self.ended({task: digest_of_result(record) if saves else None})

    def ended(self, tasks: Mapping[Task[..., Any], str | None]) -> None:
        """Save that these tasks are done, with the digests of their results, and report it.

        Raises:
            Crash: A test lets the process crash at this moment, or has done so.
        """
        for task in tasks:
            self._reach("stored", task)
        if self._journal is not None:
            finished = {
                task.task_id: FinishedTask(self._metadata.pop(task.task_id, None), digest)
                for task, digest in tasks.items()
            }
            self._journal.record(finished)
        if self._trail is not None:
            for task in tasks:
                self._trail.finished_task(task.task_id)
        if self._follower is not None:
            for task in tasks:
                self._follower.finished(task, self._number(task))
        if self._observers:
            for task in tasks:
                self._observers.finished(task.task_id, self._number(task))
        for task in tasks:
            self._reach("saved", task)

    def retry(self, task: Task[..., Any], error: BaseException) -> float | None:
        """Prepare another attempt after one that failed.

        Returns:
            The seconds until then; `None` if the task is not to be retried.
        """
        self._metadata.pop(task.task_id, None)
        number = self._number(task)
        pause = None if self.stopped else self._pause(task, error)
        if pause is not None:
            RUN.info(
                "Attempt %d at task %r failed (%s); the next is in %.3g s",
                number,
                task.task_id,
                type(error).__name__,
                pause,
                extra={"run_id": self._run_id, "task_id": task.task_id},
            )
        if pause is not None and self._trail is not None:
            self._trail.retried(task.task_id, error)
        if pause is not None and self._follower is not None:
            self._follower.retried(task, number, error, pause)
        if pause is not None and self._observers:
            self._observers.retried(task.task_id, number, error, pause)
        return pause

    def gave_up(self, task: Task[..., Any], error: BaseException) -> None:
        """Report that a task failed for good."""
        if self.death is not None:
            return
        if self._trail is not None:
            self._trail.failed(task.task_id, error)
        if self._follower is not None:
            self._follower.failed(task, self._number(task), error)
        if self._observers:
            self._observers.failed(task.task_id, self._number(task), error)

    def emitted(self, task_id: str, record: bytes) -> None:
        """Report that an attempt at a task has emitted an encoded value."""
        if self._observers:
            self._observers.emitted(task_id, self._number_of(task_id), decode(record))

    def _reach(self, moment: Moment, task: Task[..., Any]) -> None:
        if self._crash is not None:
            self._crash.reach(moment, task.task_id, self._number(task))

    def _pause(self, task: Task[..., Any], error: BaseException) -> float | None:
        if task.retries is None:
            return None
        attempts = self._attempts.get(task.task_id)
        if attempts is None:
            attempts = self._attempts[task.task_id] = Attempts(task.retries)
        return attempts.fail(error)

    def _number(self, task: Task[..., Any]) -> int:
        return self._number_of(task.task_id)

    def _number_of(self, task_id: str) -> int:
        attempts = self._attempts.get(task_id)
        return 1 if attempts is None else attempts.number

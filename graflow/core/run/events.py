"""Events of a run: what observers are told, and what a stream yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from graflow.core.context import ExecutionContext

__all__ = [
    "Emitted",
    "RunEnded",
    "RunEvent",
    "TaskEvent",
    "TaskFailed",
    "TaskFinished",
    "TaskRetried",
    "TaskStarted",
]


@dataclass(frozen=True, slots=True)
class _Event:
    """An event in a run.

    Attributes:
        workflow: The workflow's name.
        run_id: The id of the run.
    """

    workflow: str
    run_id: str


@dataclass(frozen=True, slots=True)
class TaskEvent(_Event):
    """An event in the life of a task.

    Attributes:
        workflow: The workflow's name.
        run_id: The id of the run.
        task_id: The id of the task.
        attempt: The number of the attempt at the task, from 1.
    """

    task_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class TaskStarted(TaskEvent):
    """An attempt at a task begins, or was handed to an executor outside the process."""


@dataclass(frozen=True, slots=True)
class TaskFinished(TaskEvent):
    """A task is done; its result has been stored, and saved to any checkpoint."""


@dataclass(frozen=True, slots=True)
class TaskRetried(TaskEvent):
    """An attempt failed, and there will be another.

    Attributes:
        error: What the attempt raised.
        pause: Seconds until the next attempt.
    """

    error: BaseException
    pause: float


@dataclass(frozen=True, slots=True)
class TaskFailed(TaskEvent):
    """A task failed, and will not be retried in this run.

    Attributes:
        error: What it raised.
    """

    error: BaseException


@dataclass(frozen=True, slots=True)
class Emitted(TaskEvent):
    """A task has passed a value to `ctx.emit`.

    Attributes:
        value: A copy of it, plain data as a channel stores it.
    """

    value: Any


@dataclass(frozen=True, slots=True)
class RunEnded(_Event):
    """The run has done all its tasks; the last event of its stream.

    Attributes:
        workflow: The workflow's name.
        run_id: The id of the run.
        result: What `execute` would have returned.
        context: The run, with its channel and all results.
    """

    result: Any
    context: ExecutionContext


RunEvent: TypeAlias = TaskStarted | TaskFinished | TaskRetried | TaskFailed | Emitted | RunEnded
"""What a stream yields; a type checker sees whether a `match` forgets one of them."""

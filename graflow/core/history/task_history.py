"""`TaskHistory`: what has happened to a task in a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

__all__ = ["TaskHistory", "TaskState"]

TaskState: TypeAlias = Literal["waiting", "running", "retrying", "finished", "failed"]


@dataclass(frozen=True, slots=True)
class TaskHistory:
    """What has happened to a task in a run.

    Attributes:
        task_id: The task's id.
        state: `waiting` for others or for a free worker; `running`; `retrying`, if an attempt
            failed and another will follow; `finished`; or `failed`.
        attempts: How many attempts have begun, >= 0.
        started: When the first one began since the run began or was last resumed, on the clock of
            the machine that runs the workflow, in UTC; `None` if none has, or if nobody noted it.
        ended: When the task was done, or failed for good; `None` before that.
        error: What the last attempt that failed raised, as text of at most 2,000 characters; `None`
            if none failed.
        traceback: The traceback of that; at most its last 20,000 characters, and `None` for all
            but the first 1,000 failures of a run.
    """

    task_id: str
    state: TaskState = "waiting"
    attempts: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    error: str | None = None
    traceback: str | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds from the first attempt's start to the end; `None` if either is not known."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()

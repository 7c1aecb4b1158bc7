"""Followers of runs, which the tasks see something of: telemetry, and nobody while it is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task

__all__ = ["FOLLOWING", "Follow", "Follower", "Luggage", "Receive"]

Luggage: TypeAlias = Mapping[str, str]
"""What an attempt takes along to another process."""


class Follower(Protocol):
    """A follower of one run, called at once, by whatever thread something happens in.

    What it raises would be taken for the failure of a task, so it raises nothing.
    """

    def begins(self, task: Task[..., Any], attempt: int) -> None:
        """An attempt begins in this context; `ContextVar`s that are set here, the task sees."""

    def departs(self, task: Task[..., Any], attempt: int) -> Luggage:
        """An attempt is handed to an executor outside the process; return what goes along."""

    def retried(
        self, task: Task[..., Any], attempt: int, error: BaseException, pause: float
    ) -> None:
        """An attempt failed; there will be another in `pause` seconds."""

    def finished(self, task: Task[..., Any], attempt: int) -> None:
        """A task is done."""

    def failed(self, task: Task[..., Any], attempt: int, error: BaseException) -> None:
        """A task failed for good."""

    def close(self, error: BaseException | None) -> None:
        """The run is over; `None` if it has done all its tasks."""


Follow: TypeAlias = Callable[[RunState, int, int], Follower | None]
"""Takes a run, how many tasks it has, and how many of them were done before it was resumed."""

Receive: TypeAlias = Callable[[Luggage, Task[..., Any], RunState], AbstractContextManager[object]]
"""Takes what an attempt brought to this process; the attempt is made in the context."""


class _Following:
    """What follows the runs of this process.

    Attributes:
        follow: Makes a follower for each run that begins; `None` if there are none.
        receive: Called for attempts that come from another process.
    """

    follow: Follow | None = None
    receive: Receive | None = None


FOLLOWING = _Following()

"""The schedule of a run: which of its tasks can start."""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from typing import Any

from graflow.core.graph.graph import Joint, RunPlan, Vertex
from graflow.core.task.task import Task

__all__ = ["Schedule"]


class Schedule:
    """The tasks that can start, in the order in which they became ready.

    Attributes:
        ready: Those that no worker has taken yet; workers take them from the left.
    """

    def __init__(self, plan: RunPlan, finished: Set[str] = frozenset()) -> None:
        """Queue the tasks that can start at once.

        Args:
            plan: The plan of the run, which is used up.
            finished: The ids of tasks that were done before, and need not run.
        """
        self.ready: deque[Task[..., Any]] = deque()
        self._sorter = plan.sorter
        self._finished = finished
        self._queue()

    def done(self, task: Task[..., Any]) -> None:
        """Queue the tasks that can start now that `task` is done."""
        self._sorter.done(task)
        self._queue()

    def _queue(self) -> None:
        """Queue what can start; tasks that need not run are done as soon as they could start."""
        while ready := self._sorter.get_ready():
            passed: list[Vertex] = []
            for vertex in ready:
                if isinstance(vertex, Joint) or vertex.task_id in self._finished:
                    passed.append(vertex)
                else:
                    self.ready.append(vertex)
            if not passed:
                return
            self._sorter.done(*passed)

"""The schedule of a run: which of its tasks can start."""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from typing import Any

from graflow.core.graph.graph import Joint, RunPlan, Vertex
from graflow.core.task.task import Task

__all__ = ["Schedule"]


class Schedule:
    """The tasks that can start, in the order in which they could.

    Attributes:
        ready: Those that nobody has taken yet; workers take them from the left.
    """

    def __init__(self, plan: RunPlan, finished: Set[str] = frozenset()) -> None:
        """Queue what can start at once.

        Args:
            plan: What is to be done; used up.
            finished: The ids of tasks that need not run: they were done before.
        """
        self.ready: deque[Task[..., Any]] = deque()
        self._sorter = plan.sorter
        self._finished = finished
        self._queue()

    def done(self, task: Task[..., Any]) -> None:
        """Queue what `task` was holding up."""
        self._sorter.done(task)
        self._queue()

    def _queue(self) -> None:
        """Put what can start into the queue; what need not run is done as soon as it can be."""
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

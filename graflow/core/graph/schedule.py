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
            plan: The plan of the run.
            finished: The ids of tasks that were done before, and need not run.
        """
        self.ready: deque[Task[..., Any]] = deque()
        self._after = plan.after
        self._finished = finished
        self._awaited = {vertex: len(others) for vertex, others in plan.before.items()}
        self._queue([vertex for vertex, awaited in self._awaited.items() if not awaited])

    def done(self, task: Task[..., Any]) -> None:
        """Queue the tasks that can start now that `task` is done."""
        if task in self._after:
            self._queue(self._freed_by(task))

    def _queue(self, vertices: list[Vertex]) -> None:
        """Queue what can start; tasks that need not run are done as soon as they could start."""
        for vertex in vertices:  # which become more meanwhile
            if isinstance(vertex, Joint) or (self._finished and vertex.task_id in self._finished):
                vertices += self._freed_by(vertex)
            else:
                self.ready.append(vertex)

    def _freed_by(self, done: Vertex) -> list[Vertex]:
        """Return what waits for nothing any more, now that a vertex is done."""
        freed: list[Vertex] = []
        for vertex in self._after.get(done, ()):
            self._awaited[vertex] -= 1
            if not self._awaited[vertex]:
                freed.append(vertex)
        return freed

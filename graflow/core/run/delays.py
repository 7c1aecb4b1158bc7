"""Delays: tasks waiting for their next attempt, and how long a run sleeps in the meantime."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from heapq import heappop, heappush
from itertools import count
from typing import Any

from graflow.core.task.task import Task
from graflow.system.clock import elapsed, followed

__all__ = ["ALERT", "Pauses", "wait_until_done"]

ALERT = 0.2
"""The longest time in seconds that a run sleeps without checking for signals.

The system may deliver a signal to any thread, and a main thread that waits for a lock without a
timeout only notices it once it has the lock: Ctrl-C would do nothing until the run is over.
"""


class Pauses:
    """Tasks whose attempts failed, until it is time for the next one; no thread waits."""

    def __init__(self) -> None:
        """Begin without any."""
        self._heap: list[tuple[float, int, Task[..., Any], BaseException]] = []
        self._numbers = count()  # so that tasks, which have no order, are never compared

    def __bool__(self) -> bool:
        """Tell whether any task is waiting."""
        return bool(self._heap)

    def begin(self, task: Task[..., Any], error: BaseException, seconds: float) -> None:
        """Let a task that failed with `error` wait."""
        heappush(self._heap, (elapsed() + seconds, next(self._numbers), task, error))

    def over(self, *, idle: bool) -> list[Task[..., Any]]:
        """Take out the tasks that have waited long enough.

        Args:
            idle: Whether nothing else can happen in the run meanwhile. Then a clock that a test
                moves is moved on, and nobody waits.
        """
        clock, left = followed(), self.left()
        if idle and clock is not None and left is not None:
            clock.advance(left)
        tasks = []
        now = elapsed()
        while self._heap and self._heap[0][0] <= now:
            tasks.append(heappop(self._heap)[2])
        return tasks

    def cut(self) -> list[tuple[Task[..., Any], BaseException]]:
        """Take out all tasks, with their errors, as there will be no more attempts."""
        waiting, self._heap = sorted(self._heap), []
        return [(task, error) for _, _, task, error in waiting]

    def sleep(self) -> float:
        """Return for how many seconds the run may sleep, unless something happens."""
        left = self.left()
        return ALERT if left is None else min(ALERT, left)

    def sleep_of_loop(self, *, idle: bool) -> float | None:
        """Return the same for a run that is woken whatever happens; `None` for any time."""
        if followed() is None:
            return self.left()
        return 0.0 if idle else self.sleep()  # somebody may move the clock

    def left(self) -> float | None:
        """Return in how many seconds the first task has waited long enough; `None` for none."""
        return max(0.0, self._heap[0][0] - elapsed()) if self._heap else None


def wait_until_done(
    futures: Collection[Future[Any]], sleep: Callable[[], float] = lambda: ALERT
) -> None:
    """Wait for futures, however they end.

    `concurrent.futures.wait` alone waits for a cancelled future until its executor has noticed,
    which it may never do.

    Args:
        futures: The futures.
        sleep: Returns the seconds until the next check.
    """
    while waiting := [each for each in futures if not each.done()]:
        wait(waiting, sleep())

"""Mutual exclusion: workers that count under a lock, and when each of them had it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass

from graflow.testing.properties.concurrency.work import Failed, Worker, at_work
from graflow.testing.workers.meeting import Seat
from graflow.testing.workers.pauses import InnerPauses

__all__ = ["Count", "Stay", "overlap"]

_TIMES = 5  # that each worker counts in a round
_TIMEOUT = 60.0  # seconds for the lock, on a busy machine


@dataclass(frozen=True, slots=True)
class Stay:
    """The time for which a worker had the lock.

    Attributes:
        worker: The worker.
        entered: When it had taken the lock, by `time.monotonic_ns()`.
        left: When it was about to release it.
    """

    worker: str
    entered: int
    left: int

    def __str__(self) -> str:
        return f"{self.worker} had the lock from {self.entered} to {self.left} ns"


@dataclass(frozen=True, slots=True)
class Count(Worker):
    """A number of times that a worker adds one under a lock."""

    def __call__(self, seat: Seat) -> list[Stay]:
        """Add to a number in a way that loses counts unless the lock excludes all others.

        Raises:
            Failed: The lock could not be taken, or was lost.
        """
        pauses = InnerPauses(seat, random.Random(f"{self.seed} {self.worker}"), self.least)
        try:
            with at_work(self.channel, seat, is_own=self.is_own):
                return [self._count(seat, pauses) for _ in range(_TIMES)]
        except Exception as error:
            raise Failed(self.worker, ("lock", "counter"), error) from error

    def _count(self, seat: Seat, pauses: InnerPauses) -> Stay:
        lock = self.channel.lock("counter", timeout=_TIMEOUT)
        pauses.inside("lock", lock.__enter__)
        try:
            entered = time.monotonic_ns()
            seat.step()  # whoever pauses while it takes the lock goes on now
            seen = self.channel.get("count", 0)
            seat.wait_for_others(1, self.least)
            self.channel.set("count", seen + 1)
            left = time.monotonic_ns()
        finally:
            lock.__exit__(None, None, None)
        return Stay(self.worker, entered, left)


def overlap(stays: Iterable[Stay]) -> list[Stay]:
    """Return two of these that overlap, or nothing if there are none."""
    last: Stay | None = None
    for stay in sorted(stays, key=lambda stay: stay.entered):
        if last is not None and stay.entered < last.left:
            return [last, stay]
        last = stay
    return []

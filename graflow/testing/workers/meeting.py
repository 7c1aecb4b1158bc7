"""A meeting of workers: they begin together, and each sees how far the others are."""

from __future__ import annotations

import os
import time
from collections.abc import MutableSequence
from dataclasses import dataclass

__all__ = ["Meeting", "Place"]

_TOGETHER = 60.0  # seconds in which all must have come
_OVER = 1 << 32  # is added to the steps of a worker that has ended
_LOOK = 50e-6  # seconds between two looks at the others


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of as many workers as the sequences are long; processes share the memory of these.

    Attributes:
        arrived: 1 for each worker that has come.
        steps: The number of steps that each worker has made.
    """

    arrived: MutableSequence[int]
    steps: MutableSequence[int]

    @classmethod
    def of_threads(cls, size: int) -> Meeting:
        """Return a meeting of threads."""
        return cls([0] * size, [0] * size)

    def begin_anew(self) -> None:
        """Forget all workers."""
        for number in range(len(self.steps)):
            self.arrived[number] = self.steps[number] = 0


class Place:
    """The place of one worker in a meeting."""

    def __init__(self, meeting: Meeting, number: int) -> None:
        """Take a place.

        Args:
            meeting: The meeting.
            number: The worker's number, from 0.
        """
        self._meeting = meeting
        self._number = number

    def arrive(self) -> None:
        """Wait until all have come, without sleeping: whoever sleeps begins late.

        Raises:
            TimeoutError: One of them did not come.
        """
        arrived = self._meeting.arrived
        arrived[self._number] = 1
        until = time.monotonic() + _TOGETHER
        while not all(arrived):
            if time.monotonic() > until:
                raise TimeoutError("a worker did not begin")
            _give_way()

    def step(self) -> None:
        """Tell the others that one more step is done."""
        self._meeting.steps[self._number] += 1

    def end(self) -> None:
        """Tell the others that no more steps will follow, and not to wait."""
        self._meeting.arrived[self._number] = 1
        self._meeting.steps[self._number] += _OVER

    def wait_for_others(self, steps: int, patience: float) -> None:
        """Wait until the others have made some steps, or have ended, but not for longer.

        Args:
            steps: How many steps, of all others together.
            patience: The number of seconds after which to go on.
        """
        until = time.monotonic() + patience
        enough = self._others() + steps
        while self._others() < enough and self._are_under_way() and time.monotonic() < until:
            time.sleep(_LOOK)

    def _others(self) -> int:
        return sum(self._meeting.steps) - self._meeting.steps[self._number]

    def _are_under_way(self) -> bool:
        return any(
            steps < _OVER
            for number, steps in enumerate(self._meeting.steps)
            if number != self._number
        )


def _give_way() -> None:
    """Let somebody else have the processor."""
    if hasattr(os, "sched_yield"):
        os.sched_yield()
    else:
        time.sleep(0)

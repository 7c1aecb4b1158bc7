"""A meeting of workers: they begin together, and each sees how far the others are."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import MutableSequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graflow.testing.workers.thread_states import Look, ThreadState

__all__ = ["Meeting", "Seat"]

_TOGETHER = 60.0  # seconds in which all must have come
_SOON = 1.0  # seconds in which they do, unless something is wrong
_OVER = 1 << 32  # is added to the steps of a worker that has ended
_LOOK = 50e-6  # seconds between two looks at the others' steps
_LOOK_CLOSELY = 500e-6  # seconds between two looks at whether they sleep
_MOST = 3.0  # seconds of a pause, however long the others want a processor


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of as many workers as the sequences are long; processes share the memory of these.

    Attributes:
        arrived: 1 for each worker that has come.
        steps: The number of steps that each worker has made.
        pauses: 1 for each worker that waits for others.
        processes: The id of each worker's process.
        threads: The native id of each worker's thread.
    """

    arrived: MutableSequence[int]
    steps: MutableSequence[int]
    pauses: MutableSequence[int]
    processes: MutableSequence[int]
    threads: MutableSequence[int]

    @classmethod
    def of_threads(cls, size: int) -> Meeting:
        """Return a meeting of threads."""
        return cls(*([0] * size for _ in range(5)))

    @classmethod
    def of_processes(cls, size: int, context: Any) -> Meeting:
        """Return a meeting of processes, which a context of `multiprocessing` starts."""
        return cls(*(context.RawArray("Q", size) for _ in range(5)))

    def begin_anew(self) -> None:
        """Forget all workers."""
        for number in range(len(self.steps)):
            self.arrived[number] = self.steps[number] = self.pauses[number] = 0


class Seat:
    """The seat of one worker in a meeting."""

    def __init__(self, meeting: Meeting, number: int) -> None:
        """Take a seat.

        Args:
            meeting: The meeting.
            number: The worker's number, from 0.
        """
        self._meeting = meeting
        self._number = number
        self._states: dict[int, ThreadState] = {}

    def arrive(self) -> None:
        """Wait until all have come, at first without sleeping: whoever sleeps begins late.

        Raises:
            TimeoutError: One of them did not come.
        """
        self._meeting.processes[self._number] = os.getpid()
        self._meeting.threads[self._number] = threading.get_native_id()
        arrived = self._meeting.arrived
        arrived[self._number] = 1
        began = time.monotonic()
        while not all(arrived):
            waited = time.monotonic() - began
            if waited > _TOGETHER:
                raise TimeoutError("a worker did not begin")
            if waited < _SOON:
                _give_way()
            else:
                time.sleep(_LOOK_CLOSELY)

    def step(self) -> None:
        """Tell the others that one more step is done."""
        self._meeting.steps[self._number] += 1

    def end(self) -> None:
        """Tell the others that no more steps will follow, and not to wait."""
        self._meeting.arrived[self._number] = 1
        self._meeting.steps[self._number] += _OVER
        for state in self._states.values():
            state.close()
        self._states.clear()

    def wait_for_others(self, steps: int, patience: float) -> None:
        """Wait until the others have made some steps, or have ended, or can't go on.

        Args:
            steps: How many steps, of all others together.
            patience: The number of seconds that all of them sleep, after which to go on. Where the
                system shows what they do, it does not count that they want a processor.
        """
        enough = self._others() + steps
        began = looked = time.monotonic()
        looks, slept = self._looks(), 0.0
        self._meeting.pauses[self._number] = 1
        try:
            while self._others() < enough and self._are_under_way():
                time.sleep(_LOOK)
                now = time.monotonic()
                if now - looked < _LOOK_CLOSELY:
                    continue
                before, looks = looks, self._looks()
                if before == looks and all(look is None or look.is_asleep for look in looks):
                    slept += now - looked
                looked = now
                if slept > patience or now - began > max(_MOST, patience):
                    return
        finally:
            self._meeting.pauses[self._number] = 0

    def _looks(self) -> list[Look | None]:
        """Return what the others do who neither have ended nor pause, as far as that is shown."""
        return [
            self._look_at(number)
            for number, steps in enumerate(self._meeting.steps)
            if number != self._number and steps < _OVER and not self._meeting.pauses[number]
        ]

    def _look_at(self, number: int) -> Look | None:
        with suppress(OSError):
            if number not in self._states:
                self._states[number] = ThreadState(
                    self._meeting.threads[number], self._meeting.processes[number]
                )
            return self._states[number].look()
        return None

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

"""Holding up an operation: at each of its steps, another thread does something.

Two threads that race get between the steps of each other's operations by luck. Here an operation is
held up wherever its code calls a function, in Python or in C, or returns from one, until a second
thread has done something. If that one has to wait, for a mutex or a row that is locked, the
operation goes on. So an operation of several steps is found whatever else the machine does. Steps
that a server takes, or a thread of the backend's own, can't be held up; the workloads of threads
and processes are for those.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Generic, NamedTuple, TypeVar

from graflow.testing.workers.waits import Wait, wait_of

__all__ = ["Done", "step_by_step"]

T = TypeVar("T")

_LOOK = 0.0003  # seconds between two looks at the other, who mostly needs less
_NEXT_WAIT = 0.0002  # seconds at each step for others who wait, but not for a lock
_LONG = 60.0  # seconds after which whoever waits is given up on
_MOST = 5_000  # times that the other does something during one operation
_ALIKE = 3  # times in a row at one place; then at every second time, fourth, eighth ...
_LETS_GO = {"__exit__", "release", "commit", "rollback"}
"""Functions in C after which whoever has to wait, but not for a lock, may go on."""


class Done(NamedTuple, Generic[T]):
    """An operation that was held up.

    Attributes:
        result: What it returned.
        acts: How many times the other did something.
        has_waited: Whether the other has waited for something that is not a lock of this process.
    """

    result: T
    acts: int
    has_waited: bool


class _Other:
    """Another thread, which does something whenever it is told to."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._begin, self._ended = threading.Semaphore(0), threading.Lock()
        self._ended.acquire()
        self._is_over = False
        self.is_going = False
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def begin(self) -> None:
        self.is_going = True
        self._begin.release()

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end of what it does; tell whether it has come."""
        if self.is_going and self._ended.acquire(timeout=seconds):
            self.is_going = False
        return not self.is_going

    def dismiss(self) -> None:
        self._is_over = True
        self._begin.release()

    def _serve(self) -> None:
        while True:
            self._begin.acquire()
            if self._is_over:
                return
            try:
                self._act()
            except BaseException as error:  # noqa: BLE001 - raised where it was told to
                self.error = self.error or error
            finally:
                self._ended.release()


class _Between:
    """Lets another thread act at each step of this one."""

    def __init__(self, other: _Other, wait: Wait, every: int, most: int) -> None:
        self._other, self._wait, self._every, self._most = other, wait, every, most
        self._times: Counter[tuple[object, ...]] = Counter()
        self._steps = 0
        self.acts = 0
        self.has_waited = False

    def step(self, frame: FrameType, event: str, arg: object) -> None:
        """Hold up the thread that takes a step, as a profiler would."""
        if self._other.is_going and not self._has_ended(event, arg):
            return
        if self.acts >= self._most or not self._is_new(frame, event):
            return
        self._steps += 1
        if self._steps % self._every == 0:
            self.acts += 1
            self._other.begin()
            self._let_it_act()

    def _is_new(self, frame: FrameType, event: str) -> bool:
        """Tell whether to act at a place in the code, where the operation may come often."""
        caller = frame.f_back
        where = (event, id(frame.f_code), frame.f_lasti)
        come_from = () if caller is None else (id(caller.f_code), caller.f_lasti)
        self._times[where + come_from] += 1
        times = self._times[where + come_from]
        return times <= _ALIKE or times & (times - 1) == 0

    def _has_ended(self, event: str, arg: object) -> bool:
        """Tell whether the other, which was waiting, has ended, now that it can."""
        if self._other.ends_within(0):
            return True
        if self._wait.is_for_lock:
            return not self._wait.still_waits() and self._let_it_act()
        if event == "c_return" and getattr(arg, "__name__", "") in _LETS_GO:
            return self._let_it_act()
        return self._other.ends_within(_NEXT_WAIT)

    def _let_it_act(self) -> bool:
        """Return whether the other has ended; if not, it waits."""
        self._wait.begin()
        while not self._other.ends_within(_LOOK):
            if self._wait.is_certain():
                self.has_waited |= not self._wait.is_for_lock
                return False
        return True


def step_by_step(
    act: Callable[[], T], others: Callable[[], object], every: int = 1, most: int = _MOST
) -> Done[T]:
    """Perform an operation, and let another thread act at its steps.

    Args:
        act: Performs it.
        others: Is called in the other thread.
        every: At every so many steps, > 0.
        most: How many times at most.

    Raises:
        TimeoutError: The other has not ended, a long time after the operation.
        Exception: What `act` has raised, or `others`.
    """
    other = _Other(others)
    wait = wait_of(other.thread)
    between, before = _Between(other, wait, every, most), sys.getprofile()
    sys.setprofile(between.step)
    try:
        result = act()
    finally:
        sys.setprofile(before)
        has_ended = other.ends_within(_LONG)
        other.dismiss()
        wait.close()
    if other.error is not None:
        raise other.error
    if not has_ended:
        raise TimeoutError(f"it has not ended within {_LONG:.0f} s")
    return Done(result, between.acts, between.has_waited)

"""`Clock`: a clock that a test moves, for all that graflow times in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from graflow.channels.memory.store import go_by_the_clock
from graflow.exceptions import WorkflowStateError, WorkflowTypeError, WorkflowValueError
from graflow.system.clock import follow, followed, monotonic

__all__ = ["Clock", "following", "without_pauses"]


class Clock:
    """A clock that stands still until `advance` moves it.

    Inside its `with` block everything follows it that graflow times in this process: what expires
    in memory and in files, leases of locks there, pauses before retries, and the times in the
    history of runs. When a run has nothing left to do but to pause, the clock moves on by itself
    to the next attempt, so that no test waits. A pause has no random part then.

    Limits to waiting (`timeout=`) stay in real time, and so does the clock of a server.
    `time.time()` and `datetime.now()` in tasks are not graflow's; libraries that freeze time move
    them.

    Attributes:
        users: How many runs follow it just now outside its `with` block, each in one of their own.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """Make a clock.

        Args:
            start: What it shows at first, with a time zone; by default the time of day.

        Raises:
            WorkflowTypeError, WorkflowValueError: It is no time, or lacks a time zone.
        """
        if start is not None and not isinstance(start, datetime):
            raise WorkflowTypeError(f"start must be a datetime, not {type(start).__name__}")
        if start is not None and start.utcoffset() is None:
            raise WorkflowValueError("start must have a time zone, as in tzinfo=UTC")
        self._start = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self._base = monotonic()
        self._passed = timedelta()
        self._lock = threading.Lock()
        self.users = 0

    def __repr__(self) -> str:
        """Show what it shows."""
        return f"<Clock at {self.now():%Y-%m-%d %H:%M:%S.%f} UTC>"

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return self._start + self._time_passed()

    def elapsed(self) -> float:
        """Return the seconds on a clock that only goes forward, from any beginning."""
        return self._base + self._time_passed().total_seconds()

    def advance(self, seconds: float | timedelta) -> None:
        """Let time pass; any thread may do so.

        Args:
            seconds: How much, >= 0.

        Raises:
            WorkflowTypeError, WorkflowValueError: It is no such time.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float | timedelta):
            raise WorkflowTypeError(f"seconds must be a number, not {type(seconds).__name__}")
        try:
            more = seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
        except (ValueError, OverflowError) as error:
            raise WorkflowValueError(f"seconds must be a time, not {seconds!r}") from error
        if more < timedelta():
            raise WorkflowValueError(f"time does not go back: seconds must be >= 0, not {seconds}")
        with self._lock:
            try:
                _ = self.now() + more
            except OverflowError as error:
                raise WorkflowValueError("the clock can't go beyond the year 9999") from error
            self._passed += more

    def _time_passed(self) -> timedelta:
        return self._passed

    def __enter__(self) -> Self:
        """Let everything follow this clock.

        Raises:
            WorkflowStateError: It follows one already.
        """
        with _turn:
            if followed() is not None:
                raise _taken()
            _follow(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let everything follow the clock of the system again; what was to expire still is."""
        with _turn:
            _follow(None)


class _Running(Clock):
    """A clock that goes, and that pauses of runs move on."""

    def _time_passed(self) -> timedelta:
        return self._passed + timedelta(seconds=monotonic() - self._base)


_turn = threading.RLock()


@contextmanager
def following(clock: Clock | None) -> Iterator[None]:
    """Follow a clock inside a `with` block, unless that is the case already.

    Runs at the same time may share one, which is followed until the last of them is over.

    Raises:
        WorkflowStateError: Another one is followed.
        WorkflowTypeError: It is no clock.
    """
    if clock is not None and not isinstance(clock, Clock):
        raise WorkflowTypeError(f"clock must be a Clock, not {type(clock).__name__}")
    with ExitStack() as stack:
        if clock is not None:
            stack.enter_context(_used(clock))
        yield


@contextmanager
def without_pauses() -> Iterator[None]:
    """Let pauses take no time inside a `with` block, on the clock that is followed, or a new one.

    That one goes as the time of day does, for tasks that wait until something expires.
    """
    with ExitStack() as stack:
        with _turn:
            clock = followed()
            stack.enter_context(_used(clock if isinstance(clock, Clock) else _Running()))
        yield


@contextmanager
def _used(clock: Clock) -> Iterator[None]:
    """Follow a clock as long as anybody uses it, or as its own `with` block lasts if it is in one.

    Raises:
        WorkflowStateError: Another one is followed.
    """
    with _turn:
        if followed() not in (None, clock):
            raise _taken()
        is_in_block = followed() is clock and not clock.users
        if not is_in_block:
            _follow(clock)
            clock.users += 1
    try:
        yield
    finally:
        with _turn:
            if not is_in_block:
                clock.users -= 1
                if not clock.users:
                    _follow(None)


def _taken() -> WorkflowStateError:
    return WorkflowStateError(
        "graflow follows another clock of a test already; there is one at a time in a process"
    )


def _follow(clock: Clock | None) -> None:
    follow(clock)
    go_by_the_clock()

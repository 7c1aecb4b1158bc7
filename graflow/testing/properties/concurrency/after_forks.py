"""Forks: parent and child use a handle at once, after a fork in the middle of another operation."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from graflow.channels.base import Channel
from graflow.testing.linearizability import Operation
from graflow.testing.properties.concurrency.work import Failed, Work
from graflow.testing.workers.meeting import Meeting, Seat
from graflow.testing.workers.pauses import InnerPauses
from graflow.testing.workers.thread_states import ThreadState

__all__ = ["Fork", "Forked"]

_CHILD = 20  # seconds for both, who take milliseconds where nothing is wrong
_STUCK = 4.0  # seconds of sleep of both, who then wait for what nobody gives them
_LOOK = 0.05  # seconds between two looks at both
_PAUSE = 0.002  # seconds for which the other thread stays inside an operation


class _ChildEnded(BaseException):
    """The child has ended before the parent, for which it should have waited."""


@dataclass(frozen=True, slots=True)
class Forked:
    """What came of a fork.

    Attributes:
        histories: The operations of the parent and of the child.
        sums: How many times the other thread of the parent has added 1 to the key `busy`.
    """

    histories: list[list[Operation]]
    sums: int


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork of a process of which another thread is inside an operation on the same handle.

    Then parent and child use the handle at once. In the end the parent closes it, and the child
    writes once more, to the key `late`. It can be pickled if its channel can.

    Attributes:
        workload: What parent and child do.
        channel: The handle.
        seed: Determines their calls.
        least: For how many seconds a pause lasts in which the other can't go on.
    """

    workload: str
    channel: Channel
    seed: int
    least: float

    def __call__(self, seat: Seat) -> Forked:
        """Fork.

        Raises:
            Failed: An operation raised what it must not raise, or the child did not end.
        """
        context = multiprocessing.get_context("fork")
        meeting = Meeting.of_processes(2, context)
        closed, close = os.pipe()
        answers, answer = os.pipe()
        with _busy(self.channel, self.seed) as busy:
            child = self._fork(busy)
            if not child:
                os.close(close)
                self._be_child(Seat(meeting, 1), closed, answer)
        os.close(answer)
        mine: list[Operation] = []
        try:
            with suppress(_ChildEnded), _interrupted_by_end_of_child(), _watched(child, meeting):
                mine = self._be_parent(Seat(meeting, 0))
            if mine:
                self.channel.close()
            os.close(close)  # the child sees it
            with os.fdopen(answers, "rb") as stream, _watched(child, meeting):
                answered = stream.read()
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            _, status = os.waitpid(child, 0)
        return Forked([mine, self._of_child(answered, status)], busy.sums)

    def _fork(self, busy: _Busy) -> int:
        self.channel.keys()  # there is a connection
        busy.wait_until_inside()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is another thread is the point
            return os.fork()

    def _be_parent(self, seat: Seat) -> list[Operation]:
        try:
            return self._work("the parent", seat)
        except TimeoutError as error:
            problem = TimeoutError(
                "it did not begin; "
                "what runs in it right after the fork, such as `start_anew`, does not end"
            )
            raise Failed("the child", (self.workload,), problem) from error

    def _be_child(self, seat: Seat, closed: int, answer: int) -> None:
        result: Any
        try:
            signal.alarm(_CHILD)
            result = self._work("the child", seat)
            os.read(closed, 1)  # until the parent has closed its handle
            self.channel.set("late", 1)
        except Failed as failed:
            result = failed
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            result = Failed("the child", ("set", "late"), RuntimeError(repr(error)))
        try:
            with os.fdopen(answer, "wb") as stream:
                stream.write(pickle.dumps(result))
        finally:
            os._exit(0)

    def _work(self, worker: str, seat: Seat) -> list[Operation]:
        return Work(self.channel, worker, self.seed, self.least, workload=self.workload)(seat)

    def _of_child(self, answered: bytes, status: int) -> list[Operation]:
        if not answered:
            code = os.waitstatus_to_exitcode(status)
            is_stuck = code == -signal.SIGALRM
            end = "it waits on and on" if is_stuck else f"exit code {code}"
            raise Failed("the child", (self.workload,), RuntimeError(end))
        result = pickle.loads(answered)
        if isinstance(result, Failed):
            raise result
        history: list[Operation] = result
        return history


@contextmanager
def _interrupted_by_end_of_child() -> Iterator[None]:
    """Raise `_ChildEnded` when the child ends: the parent may be waiting for what it took."""

    def interrupt(*_: object) -> None:
        raise _ChildEnded

    before = signal.signal(signal.SIGCHLD, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextmanager
def _watched(child: int, meeting: Meeting) -> Iterator[None]:
    """End the child as soon as both wait on and on, where the system shows it."""
    is_over = threading.Event()
    parent = threading.get_native_id()

    def watch() -> None:
        with suppress(OSError):
            both = [ThreadState(parent), ThreadState(child, child)]
            slept, before = 0.0, [state.look() for state in both]
            while slept < _STUCK and not is_over.wait(_LOOK):
                looks = [state.look() for state in both]
                is_parent_first = meeting.arrived[0] > meeting.arrived[1]  # it waits, awake
                both_wait = all(
                    look.is_asleep and look == last
                    for look, last in zip(
                        looks[is_parent_first:], before[is_parent_first:], strict=True
                    )
                )
                slept, before = slept + _LOOK if both_wait else 0.0, looks
            if not is_over.is_set():
                os.kill(child, signal.SIGALRM)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        is_over.set()
        watching.join()


class _Busy:
    """A thread that adds to a number, and stops for a moment in the middle, again and again.

    Attributes:
        sums: How many times it has done so.
    """

    def __init__(self, channel: Channel, seed: int) -> None:
        self._channel = channel
        self._is_inside = threading.Event()
        self._is_over = threading.Event()
        self._pauses = InnerPauses(self, random.Random(seed), _PAUSE)
        self._thread = threading.Thread(target=self._add, daemon=True)
        self.error: Exception | None = None
        self.sums = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def wait_until_inside(self) -> None:
        self._is_inside.clear()
        self._is_inside.wait(1.0)

    def wait_for_others(self, steps: int, patience: float) -> None:
        """Pause, as the seat of a worker would."""
        self._is_inside.set()
        time.sleep(patience)

    def _add(self) -> None:
        try:
            while not self._is_over.is_set():
                self._pauses.inside("add", lambda: self._channel.atomic_add("busy"))
                self.sums += 1
        except Exception as error:  # noqa: BLE001 - raised by the other thread
            self.error = error
        finally:
            self._is_inside.set()


@contextmanager
def _busy(channel: Channel, seed: int) -> Iterator[_Busy]:
    """Let a thread use the handle meanwhile; it is not there in a forked child."""
    busy, parent = _Busy(channel, seed), os.getpid()
    busy.start()
    try:
        yield busy
    finally:
        if os.getpid() == parent:
            busy.stop()
    if busy.error is not None:
        raise Failed("another thread of the parent", ("atomic_add", "busy"), busy.error)

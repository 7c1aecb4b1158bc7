"""Workers of the suite: they begin together, pause inside operations, and are not waited for."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from multiprocessing import ProcessError

import pytest

from graflow.testing.workers.in_threads import in_threads
from graflow.testing.workers.meeting import Meeting, Seat
from graflow.testing.workers.pauses import InnerPauses
from graflow.testing.workers.team import SIZE, dismiss, team
from graflow.testing.workers.thread_states import is_shown


@pytest.fixture
def fresh_team() -> Iterator[None]:
    """No processes before and after the test."""
    dismiss()
    yield
    dismiss()


def process_id(seat: Seat) -> int:
    """Return the process that carries this out, once all do."""
    seat.arrive()
    return os.getpid()


def die(seat: Seat) -> None:
    """End the process."""
    os._exit(3)


def fail(seat: Seat) -> None:
    """Raise."""
    raise LookupError("as planned")


@pytest.mark.usefixtures("fresh_team")
def test_processes_are_started_once() -> None:
    """Each task finds the same ones, all at the same time."""
    first = team().perform([process_id] * SIZE)
    assert len({*first, os.getpid()}) == SIZE + 1
    assert team().perform([process_id] * SIZE) == first


@pytest.mark.usefixtures("fresh_team")
def test_a_process_that_fails_serves_again() -> None:
    """The others do not wait for it, and its error is raised here."""
    with pytest.raises(LookupError, match="as planned"):
        team().perform([process_id] * (SIZE - 1) + [fail])
    assert len(set(team().perform([process_id] * SIZE))) == SIZE


@pytest.mark.usefixtures("fresh_team")
def test_a_process_that_dies_is_replaced() -> None:
    """With the whole team, at the next task."""
    with pytest.raises(ProcessError, match="exit code 3"):
        team().perform([die] * SIZE)
    assert len(set(team().perform([process_id] * SIZE))) == SIZE


def test_threads_that_hang_are_left_when_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may wait forever for what that one took."""
    monkeypatch.setattr("graflow.testing.workers.in_threads._LEFT", 0.1)
    never = threading.Event()
    try:
        with pytest.raises(LookupError, match="as planned"):
            in_threads([lambda seat: never.wait(), fail])
    finally:
        never.set()


class Others:
    """Other workers, who read a number whenever one pauses."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self.seen: set[int] = set()

    def wait_for_others(self, steps: int, patience: float) -> None:
        """Read it."""
        self.seen.add(self._register.number)


class Register:
    """A number that is changed in two steps."""

    number = 0

    def change(self) -> None:
        """Set it to 1, and then to 2."""
        self.number = 0
        self.write(1)
        self.write(2)

    def write(self, number: int) -> None:
        """Set it."""
        self.number = number


@pytest.mark.parametrize("seed", range(5))
def test_pauses_come_at_every_place_of_an_operation(seed: int) -> None:
    """Whatever chance begins with, a few operations show each state in between."""
    register = Register()
    others = Others(register)
    pauses = InnerPauses(others, random.Random(seed), 0.001)
    for _ in range(20):
        pauses.inside("change", register.change)
    assert others.seen == {0, 1, 2}


def test_a_worker_waits_until_others_have_made_steps_or_ended() -> None:
    """Not for those who have ended, however long its patience is."""
    meeting = Meeting.of_threads(2)
    first, second = Seat(meeting, 0), Seat(meeting, 1)
    waiting = threading.Thread(target=first.wait_for_others, args=(1, 600.0))
    waiting.start()
    second.step()
    waiting.join()
    second.end()
    first.wait_for_others(1, 600.0)


@pytest.mark.skipif(not is_shown(), reason="the system does not show what threads do")
def test_a_worker_waits_for_others_who_want_a_processor() -> None:
    """However long these need for a step: only the time in which they sleep makes it go on."""
    meeting = Meeting.of_threads(2)
    first, second = Seat(meeting, 0), Seat(meeting, 1)

    def work() -> None:
        second.arrive()
        until = time.thread_time() + 0.1
        while time.thread_time() < until:
            pass
        second.step()

    working = threading.Thread(target=work)
    working.start()
    first.arrive()
    first.wait_for_others(1, 0.001)
    made = meeting.steps[1]
    first.end()
    working.join()
    assert made == 1


def test_a_worker_does_not_wait_for_others_who_can_not_go_on() -> None:
    """They sleep until it has gone on."""
    meeting = Meeting.of_threads(2)
    first, second = Seat(meeting, 0), Seat(meeting, 1)
    has_gone_on = threading.Event()

    def work() -> None:
        second.arrive()
        has_gone_on.wait()
        second.step()

    working = threading.Thread(target=work)
    working.start()
    first.arrive()
    first.wait_for_others(1, 0.001)
    made = meeting.steps[1]
    has_gone_on.set()
    working.join()
    first.end()
    assert made == 0

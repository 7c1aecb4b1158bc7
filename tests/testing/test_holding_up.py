"""Holding up an operation: others come to their end at each step, or certainly have to wait."""

from __future__ import annotations

import gc
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from graflow.testing.workers.holding_up import step_by_step
from graflow.testing.workers.thread_states import is_shown
from graflow.testing.workers.waits import _BLIND

shown = pytest.mark.skipif(not is_shown(), reason="the system does not show what threads do")


def work(seconds: float) -> None:
    """Take a processor for so long, which takes longer on a busy machine."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


class Log:
    """An operation of three steps, and what happened between them."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def operation(self) -> None:
        """Write three lines."""
        for number in range(3):
            self.write(str(number))


@pytest.fixture(autouse=True)
def _no_collection() -> Iterator[None]:
    """Call nothing in the middle of an operation, as a garbage collection would: it counts."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


def between(lines: list[str]) -> list[str]:
    """Return what stands between the first step and the last one."""
    return lines[lines.index("0") + 1 : lines.index("2")]


@shown
def test_others_who_take_long_come_to_their_end(log: Log) -> None:
    """They may take many times what others need, as long as they work."""

    def others() -> None:
        log.write("begin")
        work(2 * _BLIND)
        log.write("end")

    step_by_step(log.operation, others, every=4)
    assert "begin" in between(log.lines)
    assert all(
        after == "end"
        for before, after in zip(log.lines, log.lines[1:], strict=False)
        if before == "begin"
    )


@shown
def test_others_who_wait_for_another_thread_come_to_their_end(log: Log) -> None:
    """They sleep in a lock, and somebody works to open it."""
    asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def serve() -> None:
        while (answer := asked.get()) is not None:
            work(_BLIND)
            answer()

    def others() -> None:
        answered = threading.Event()
        log.write("begin")
        asked.put(answered.set)
        answered.wait()
        log.write("end")

    server = threading.Thread(target=serve)
    server.start()
    step_by_step(log.operation, others, every=4)
    asked.put(None)
    server.join()
    assert all(
        after == "end"
        for before, after in zip(log.lines, log.lines[1:], strict=False)
        if before == "begin"
    )


class Mutex:
    """A lock of one's own kind, which is not a lock of the interpreter."""

    def __init__(self, pause: float | None) -> None:
        self._lock = threading.Lock()
        self._pause = pause

    def __enter__(self) -> None:
        while not self._lock.acquire(blocking=self._pause is None):
            if self._pause:
                time.sleep(self._pause)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.mark.parametrize("pause", [None, 0.001, 0.05, 0], ids=["lock", "ms", "long", "spins"])
def test_the_operation_goes_on_if_others_have_to_wait(log: Log, pause: float | None) -> None:
    """For a lock that it holds; they get it later, and nothing comes between."""
    mutex = Mutex(pause)

    def act() -> None:
        with mutex:
            log.operation()
        log.write("after")

    def others() -> None:
        with mutex:
            log.write("other")

    done = step_by_step(act, others, most=20)
    assert between(log.lines) == ["1"]
    assert log.lines.count("other") == done.acts > 1


@shown
def test_others_who_waited_go_on_in_the_gap(log: Log) -> None:
    """Between the moment when a lock is free and the next thing that the operation does."""
    mutex = threading.Lock()

    def act() -> None:
        with mutex:
            log.write("0")
        log.write("1")
        with mutex:
            log.write("2")

    def others() -> None:
        with mutex:
            log.write("other")

    for step in (2, 3, 4):  # inside the first `with`
        log.lines.clear()
        step_by_step(act, others, step, most=1)
        assert log.lines == ["0", "other", "1", "2"]


def test_what_others_raise_is_raised(log: Log) -> None:
    """And the profiler that was there before is there again."""

    def others() -> None:
        raise LookupError("as planned")

    before = sys.getprofile()
    with pytest.raises(LookupError, match="as planned"):
        step_by_step(log.operation, others)
    assert sys.getprofile() is before


def test_an_operation_that_repeats_itself_is_held_up_less_and_less() -> None:
    """Of a thousand calls at one place, a few are enough."""

    def touch(number: int) -> int:
        return number

    def act() -> Iterator[int]:
        return iter([touch(number) for number in range(1_000)])

    assert 10 < step_by_step(act, lambda: None).acts < 60

"""Ctrl-C while an executor takes in a task, or gives it back: nothing goes on beside the run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, InvalidStateError
from functools import partial
from typing import Any, cast

import pytest

from graflow import RedisChannel, chain, workflow
from graflow.core.travel import worker
from graflow.core.travel.executors import ExecutorSource
from graflow.core.travel.known_runs import KNOWN_RUNS
from tests.core.travelling import BEGUN, Elsewhere, add, slow, wait_for
from tests.patience import PATIENCE


class Interrupted(Elsewhere):
    """It pickles what it is given; Ctrl-C comes when a task was submitted, and nobody knows yet."""

    submitted: Callable[[], Any]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take in a task, and get no further than that."""
        if fn is not worker.perform:
            return super().submit(fn, *args, **kwargs)
        self.submitted = partial(fn, *args, **kwargs)
        raise KeyboardInterrupt


def test_what_was_submitted_in_the_moment_of_an_interrupt_never_begins(
    channel: RedisChannel,
) -> None:
    """However late an executor, which may be a cluster, comes to it."""
    executor = Interrupted()
    with workflow("w", channel=channel) as wf:
        chain(add)
    with pytest.raises(KeyboardInterrupt):
        wf.execute(executor=executor)
    assert executor.submitted().ending == worker.Ending.REPEATED
    assert channel.keys() == []


class InterruptedLater(Elsewhere):
    """It pickles what it is given; when a task has begun Ctrl-C comes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Begin with a task, and get no further than that."""
        if fn is not worker.perform:
            return super().submit(fn, *args, **kwargs)
        BEGUN.clear()
        super().submit(fn, *args, **kwargs)
        assert BEGUN.wait(PATIENCE)
        raise KeyboardInterrupt


@pytest.mark.parametrize("executor", [InterruptedLater, InterruptedLater()])
def test_what_has_begun_in_the_moment_of_an_interrupt_is_waited_for(
    channel: RedisChannel, executor: ExecutorSource
) -> None:
    """It has no future that anybody knows of, on an executor of the run or somebody else's."""
    with workflow("w", channel=channel) as wf:
        chain(slow)
    with pytest.raises(KeyboardInterrupt):
        wf.execute(executor=executor)
    assert channel.keys() == ["slow.__result__"]


class Busy(InterruptedLater):
    """The same, but it comes to nothing else meanwhile."""

    questions = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let whatever is no task wait, once it is known where functions are called."""
        if fn is not int:
            return super().submit(fn, *args, **kwargs)
        self.questions += 1
        return Future()


def test_a_busy_executor_is_asked_once_whether_it_is_broken(channel: RedisChannel) -> None:
    """Questions do not pile up behind the task that is waited for."""
    executor = Busy()
    with workflow("w", channel=channel) as wf:
        chain(slow)
    with pytest.raises(KeyboardInterrupt):
        wf.execute(executor=executor)
    assert channel.keys() == ["slow.__result__"]
    assert executor.questions == 1


class DeadAfterwards(Elsewhere):
    """It pickles what it is given; after Ctrl-C the worker dies, and the executor is broken."""

    dead = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take the mark of a task, as a worker does, and go no further."""
        if self.dead:
            raise BrokenExecutor("the worker is dead")
        if fn is not worker.perform:
            return super().submit(fn, *args, **kwargs)
        self.dead = True
        run, _, serial, packed, *_ = args
        known = KNOWN_RUNS.enter(run, packed)
        assert known is not None
        assert known.marks.take(serial)
        raise KeyboardInterrupt


def test_a_task_that_died_after_an_interrupt_is_not_waited_for(channel: RedisChannel) -> None:
    """Its executor tells."""
    with workflow("w", channel=channel) as wf:
        chain(add)
    with pytest.raises(KeyboardInterrupt):
        wf.execute(executor=DeadAfterwards())
    assert channel.keys() == []


class Unmarked(Elsewhere):
    """It says of no future that it runs, and Ctrl-C comes when a task has ended."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function on a thread, and hold back its result until somebody cancels it."""
        if fn is not worker.perform:
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()

        def work() -> None:
            result = fn(*args, **kwargs)
            wait_for(lambda: vars(future)["_done_callbacks"])  # the run knows it
            signal.pthread_kill(cast("int", threading.main_thread().ident), signal.SIGINT)
            wait_for(future.cancelled)
            with pytest.raises(InvalidStateError):
                future.set_result(result)

        threading.Thread(target=work).start()
        return future


def test_an_executor_need_not_say_what_is_running(channel: RedisChannel) -> None:
    """A future that was cancelled when its task had ended is not waited for."""
    with workflow("w", channel=channel) as wf:
        chain(add)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            wf.execute(executor=Unmarked())
    finally:
        signal.signal(signal.SIGINT, handler)
    assert channel.get("add.__result__") == 1

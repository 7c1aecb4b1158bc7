"""Failures: what a task raises is one of its own, or the end of the run."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from graflow import task, workflow
from graflow.channels.base import Channel
from graflow.exceptions import TaskFailedError
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("no_threads_left")


class Outside(BaseException):
    """What is meant for whoever runs the program."""


@pytest.mark.parametrize(
    "error",
    [
        Outside("x"),
        KeyboardInterrupt(),
        BaseExceptionGroup("x", [ValueError(), KeyboardInterrupt()]),
        pytest.fail.Exception("x"),
        pytest.skip.Exception("x"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_no_failure_of_a_task_ends_the_run_as_it_is(
    error: BaseException, is_async: bool
) -> None:
    """An interrupt, the outcome of a test, what somebody derived from `BaseException`."""
    started: list[str] = []
    never = task("never")(lambda: started.append("never"))

    @task
    def raises() -> None:
        raise error

    @task
    async def raises_later() -> None:
        await asyncio.sleep(0)
        raise error

    with workflow("w") as wf:
        (raises_later if is_async else raises) >> never
    with pytest.raises(type(error)) as caught:
        wf.execute()
    assert caught.value is error
    assert started == []


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(0),
        SystemExit(3),
        GeneratorExit(),
        asyncio.CancelledError(),
        BaseExceptionGroup("x", [ValueError(), SystemExit(0)]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_task_that_exits_or_is_cancelled_has_failed(
    error: BaseException, is_async: bool, channel: Channel
) -> None:
    """What runs finishes, and the program goes on: it has other things to do."""
    begun = threading.Event()

    @task
    def raises() -> None:
        begun.wait(PATIENCE)
        raise error

    @task
    async def raises_later() -> None:
        await asyncio.to_thread(begun.wait, PATIENCE)
        raise error

    @task
    def slow() -> int:
        begun.set()
        time.sleep(0.05)
        return 1

    started: list[str] = []
    never = task("never")(lambda: started.append("never"))
    failing = raises_later if is_async else raises
    with workflow("w", channel=channel) as wf:
        (failing | slow) >> never
    with pytest.raises(TaskFailedError, match=type(error).__name__) as caught:
        wf.execute()
    assert caught.value.failures == {failing.task_id: error}
    assert channel.get("slow.__result__") == 1
    assert started == []


def test_a_deep_group_is_a_failure() -> None:
    """It is more groups in groups than calls in calls may be."""

    @task
    def raises() -> None:
        error: Exception = ValueError()
        for _ in range(1_500):
            error = ExceptionGroup("x", [error])
        raise error

    with workflow("w") as wf:
        raises()
    with pytest.raises(TaskFailedError):
        wf.execute()

"""Runs and locks where there are no threads: what differs there."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator

import pytest

from graflow import (
    LockLostError,
    MemoryChannel,
    MemorySpace,
    WorkflowStateError,
    parallel,
    task,
    workflow,
)
from graflow.system.without_threads import has_threads
from tests.commands import run
from tests.one_thread import one_thread
from tests.paths import ROOT
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("_one_thread")


@pytest.fixture
def _one_thread() -> Iterator[None]:
    """Let no thread be started."""
    with one_thread():
        yield


def test_no_thread_can_be_started() -> None:
    """So the other tests see what they are about."""
    assert not has_threads()
    with pytest.raises(RuntimeError, match="thread"):
        threading.Thread(target=print).start()


def test_functions_run_in_turn() -> None:
    """In the order in which they became ready."""
    order: list[str] = []

    def work(name: str) -> None:
        order.append(f"{name} begins")
        order.append(f"{name} ends")

    with workflow("w") as wf:
        parallel(*(task(name)(work)(name=name) for name in "abc"))
    wf.execute()
    assert order == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


def test_an_interrupt_ends_the_run() -> None:
    """It is raised as it is, once all coroutines have been cancelled."""
    ended: list[str] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    async def wait() -> None:
        try:
            asyncio.get_running_loop().call_soon(interrupt)
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append("cancelled")

    with workflow("w") as wf:
        task("wait")(wait)
    with pytest.raises(KeyboardInterrupt):
        wf.execute()
    assert ended == ["cancelled"]


def test_a_run_that_can_never_go_on_says_so() -> None:
    """All its coroutines wait, and there is nobody who could end that."""

    async def wait() -> None:
        await asyncio.Event().wait()

    with workflow("w") as wf:
        task("t")(wait)
    with pytest.raises(WorkflowStateError, match="aexecute"):
        wf.execute()


def test_a_lock_is_held_for_its_lease_and_not_renewed() -> None:
    """Whoever leaves it later is told that it was lost meanwhile."""
    now = 1_000.0
    channel = MemoryChannel("locks", space=MemorySpace(clock=lambda: now))
    with channel.lock("key", lease=10) as lock:
        now += 9
        assert not lock.lost
    with channel.lock("key", lease=10, timeout=0):
        pass
    with pytest.raises(LockLostError), channel.lock("key", lease=10):
        now += 11


@pytest.mark.thorough
@pytest.mark.needs_system
def test_other_tests_pass_where_there_is_one_thread() -> None:
    """The edge cases of channels, and the tests of tasks, in a process that can start no thread."""
    plugins = ("-p", "tests.one_thread", "-p", "no:cacheprovider", "-p", "no:xdist")
    run(
        *(sys.executable, "-m", "pytest", "-q", *plugins),
        *("tests/testing/test_edges.py", "tests/core/task"),
        cwd=ROOT,
    )

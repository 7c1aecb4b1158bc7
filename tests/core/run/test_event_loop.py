"""Coroutines of a run: one event loop for all of them."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from typing_extensions import override

from graflow import chain, parallel, task, workflow
from graflow.channels.base import Channel
from graflow.channels.memory.memory_backend import MemoryBackend
from graflow.channels.memory.store import MemorySpace
from graflow.core.run.event_loop import EventLoop
from graflow.core.state.results import is_result
from graflow.exceptions import BlockingCallWarning, TaskFailedError
from tests.paths import ROOT
from tests.programs import attended

pytestmark = pytest.mark.usefixtures("no_threads_left")


class Meeting:
    """How many coroutines are in one place, at most."""

    def __init__(self) -> None:
        self.inside = self.most = 0

    async def attend(self, seconds: float) -> None:
        """Be there for a while."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(seconds)
        self.inside -= 1


def test_tasks_share_a_lock_of_asyncio(channel: Channel) -> None:
    """Each gets it in its turn; a client, a pool or a limiter has such locks."""
    lock = asyncio.Lock()
    meeting = Meeting()

    @task
    async def guarded() -> int:
        async with lock:
            await meeting.attend(0.001)
        return id(asyncio.get_running_loop())

    with workflow("w", channel=channel) as wf:
        first = guarded(task_id="first")
        first >> parallel(*(guarded(task_id=f"t{number}") for number in range(20)))
    results = wf.execute(max_workers=8)
    assert len(set(results.values())) == 1
    assert meeting.most == 1


def test_a_coroutine_keeps_no_thread() -> None:
    """As many go on at the same time as tasks may run, and all of them on the loop's thread."""
    everybody = asyncio.Barrier(150)
    threads = set()

    @task
    async def wait() -> None:
        threads.add(threading.current_thread())
        await everybody.wait()

    with workflow("w") as wf:
        parallel(*(wait(task_id=f"t{number}") for number in range(300)))
    wf.execute(max_workers=150)
    assert len(threads) == 1


@pytest.mark.parametrize(("threads", "limit", "most"), [(4, None, 4), (4, 2, 2), (2, 9, 2)])
def test_coroutines_count_among_the_tasks_that_run(
    threads: int, limit: int | None, most: int
) -> None:
    """No more go on than the executor, or `max_workers`, allows; sync tasks count as well."""
    meeting = Meeting()
    running: list[int] = []

    @task
    async def wait() -> None:
        running.append(1)
        await meeting.attend(0.01)
        running.pop()

    @task
    def work() -> int:
        running.append(1)
        found = len(running)
        time.sleep(0.005)
        running.pop()
        return found

    with workflow("w") as wf:
        waits = [wait(task_id=f"wait {number}") for number in range(20)]
        works = [work(task_id=f"work {number}") for number in range(20)]
        parallel(*(each for pair in zip(waits, works, strict=True) for each in pair))
    with ThreadPoolExecutor(threads) as pool:
        results = wf.execute(executor=pool, max_workers=limit)
    assert meeting.most <= most
    assert max(found for found in results.values() if found) <= most


def test_variables_are_those_of_the_attempt() -> None:
    """Set by the caller; each attempt has a copy, the same in the function and the coroutine."""
    variable = ContextVar("variable", default="unset")
    variable.set("of the caller")
    seen: list[str] = []

    async def later() -> str:
        await asyncio.sleep(0)
        return variable.get()

    @task(max_retries=1, retry_delay=0)
    def prepared() -> Any:
        seen.append(variable.get())
        variable.set("of the function")
        if len(seen) == 1:
            raise ValueError
        return later()

    @task
    async def sets() -> str:
        found = variable.get()
        variable.set("of a coroutine")
        await asyncio.sleep(0.01)
        return found + ", " + variable.get()

    with workflow("w") as wf:
        prepared | sets(task_id="a") | sets(task_id="b")
    found = wf.execute()
    assert seen == ["of the caller"] * 2
    assert found["prepared"] == "of the function"
    assert found["a"] == found["b"] == "of the caller, of a coroutine"
    assert variable.get() == "of the caller"


def test_what_coroutines_leave_is_cleared_up_when_the_run_ends() -> None:
    """As `asyncio.run` does: background tasks are cancelled, and async generators are closed."""
    closed: list[str] = []

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append("generator")

    async def background() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append("background")

    kept: list[Any] = []

    @task
    async def leaves() -> int:
        kept.append(asyncio.create_task(background()))
        kept.append(generate())
        return int(await anext(kept[-1])) + await asyncio.to_thread(lambda: 1)

    with workflow("w") as wf:
        chain(leaves)
    assert wf.execute() == 2
    assert sorted(closed) == ["background", "generator"]
    assert kept[0].cancelled()


def test_a_run_that_fails_lets_coroutines_end(channel: Channel) -> None:
    """They keep their results, as other tasks do, and nothing is left of the loop."""
    begun = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    @task
    async def slow() -> int:
        loops.append(asyncio.get_running_loop())
        begun.set()
        await asyncio.sleep(0.05)
        return 1

    @task
    async def fails() -> None:
        await begun.wait()
        raise ValueError("no")

    with workflow("w", channel=channel) as wf:
        (slow | fails) >> task("never")(lambda: pytest.fail("it ran"))
    with pytest.raises(TaskFailedError, match="'fails': ValueError: no"):
        wf.execute()
    assert channel.get("slow.__result__") == 1
    assert loops[0].is_closed()


def test_a_coroutine_is_tried_again(channel: Channel) -> None:
    """While it waits for that, others run."""
    ran: list[str] = []

    @task(max_retries=2, retry_delay=0.001)
    async def flaky() -> int:
        await asyncio.sleep(0)
        ran.append("flaky")
        if len(ran) < 3:
            raise ConnectionError
        return len(ran)

    with workflow("w", channel=channel) as wf:
        chain(flaky)
    assert wf.execute(max_workers=1) == 3


def test_a_result_that_can_not_be_stored_is_the_failure_of_its_coroutine() -> None:
    """Stored by a worker, as the loop waits for no channel."""
    threads: list[threading.Thread] = []

    class Noted(MemoryBackend):
        @override
        def commit(self, checks: Any, changes: Any) -> Any:
            if any(is_result(change.key) for change in changes):
                threads.append(threading.current_thread())
            return super().commit(checks, changes)

    @task
    async def fine() -> int:
        threads.append(threading.current_thread())
        return 1

    @task
    async def bad() -> object:
        return object()

    with workflow("w", channel=Channel(Noted("noted", MemorySpace()))) as wf:
        fine >> bad
    with pytest.raises(TaskFailedError, match="'bad': ResultTypeError"):
        wf.execute()
    loop, writer = threads
    assert loop is not writer


def test_a_task_of_the_loop_that_exits_ends_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is the failure of whoever awaits it; asyncio would let it end the loop."""

    async def leave() -> None:
        sys.exit(3)

    @task
    async def awaits() -> None:
        await asyncio.create_task(leave())

    @task
    async def other() -> int:
        await asyncio.sleep(0.05)
        return 7

    with workflow("w") as wf:
        awaits | other
    with pytest.raises(TaskFailedError, match="'awaits': SystemExit: 3") as caught:
        wf.execute()
    assert list(caught.value.failures) == ["awaits"]
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_a_coroutine_may_run_another_workflow() -> None:
    """Whose loop is another one, so that it doesn't wait for itself."""

    @task
    async def seven() -> int:
        await asyncio.sleep(0)
        return 7

    @task
    async def outer() -> int:
        with workflow("inner") as wf:
            chain(seven)
        with pytest.warns(BlockingCallWarning):
            return int(wf.execute())

    with workflow("outer") as wf:
        chain(outer)
    assert wf.execute() == 7


# It tells of an interrupt once that is out of the handler: one that comes while the handler
# still runs would be the same `KeyboardInterrupt`.
PROGRAM = """
import asyncio, os, sys, signal, threading, time
from graflow import parallel, task, workflow

def say(word):  # a line is whole, whichever thread says it
    os.write(1, f"{word}\\n".encode())

def interrupt(*_):
    handler = sys._getframe()
    threading.Thread(target=tell, args=(handler,)).start()
    raise KeyboardInterrupt

def tell(handler):
    while runs(handler):
        time.sleep(0.01)
    say("interrupted")

def runs(handler):
    frame = sys._current_frames().get(threading.main_thread().ident)  # none while it ends
    while frame not in (None, handler):
        frame = frame.f_back
    return frame is handler

signal.signal(signal.SIGINT, interrupt)

@task
async def slow(number: int) -> None:
    say("began")
    try:
        await asyncio.sleep(float(sys.argv[1]))
        say("ended")
    finally:
        say("left")

with workflow("w") as wf:
    parallel(*(slow(task_id=f"slow {n}", number=n) for n in range(20)))
wf.execute(max_workers=4)
"""


@pytest.mark.parametrize(("seconds", "times"), [(1, 1), (600, 2)])
def test_an_interrupt_lets_coroutines_end_and_a_second_cancels_them(
    seconds: int, times: int
) -> None:
    """Either way each leaves its blocks, none begins any more, and asyncio has no complaints."""
    with attended(
        subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, str(seconds)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline().strip() for _ in range(4)]
        for number in range(1, times + 1):
            process.send_signal(signal.SIGINT)
            while lines.count("interrupted") < number:
                line = process.stdout.readline()
                assert line, process.stderr.read()
                lines.append(line.strip())
        lines += process.stdout.read().split()
        said = process.stderr.read()
    ended = ["ended"] * 4 * (times == 1)
    assert sorted(lines) == sorted(["began", "left"] * 4 + ended + ["interrupted"] * times)
    assert said.count("KeyboardInterrupt") >= 1
    assert "never awaited" not in said
    assert "destroyed" not in said
    assert process.returncode in (1, -signal.SIGINT)


def test_a_loop_that_is_closed_takes_nothing_more() -> None:
    """And leaves no coroutine behind that nobody awaits."""

    async def seven() -> int:
        return 7

    loop = EventLoop("test")
    assert loop.run(seven(), copy_context(), "seven") == 7
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.start(seven(), copy_context(), "late")
    loop.close()
    gc.collect()


def test_what_is_closed_at_once_ends_what_has_not_begun() -> None:
    """Each future has an outcome, whether its coroutine had begun or not."""

    async def endless() -> None:
        await asyncio.Event().wait()

    loop = EventLoop("test")
    ended = [loop.start(endless(), copy_context(), str(number)) for number in range(50)]
    loop.close()
    assert all(isinstance(each.exception(), asyncio.CancelledError) for each in ended)
    gc.collect()

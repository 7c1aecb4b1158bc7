"""Runs that are cancelled while somebody awaits them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from graflow import (
    AsyncRunObserver,
    MemoryChannel,
    TaskEvent,
    TaskExecutionContext,
    parallel,
    read_checkpoint,
    runs,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.exceptions import CheckpointNotFoundError
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended


async def cancelled_after(turns: int, run: asyncio.Task[Any]) -> bool:
    """Cancel a run once the loop has turned so often; tell whether it was over before."""
    for _ in range(turns):
        await asyncio.sleep(0)
    if run.done():
        return True
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return False


def test_a_run_in_memory_is_cancelled_at_every_turn() -> None:
    """Each coroutine that has begun has ended by then, and no other begins."""
    inside: set[str] = set()
    begun: list[str] = []

    @task(inject_context=True)
    async def step(ctx: TaskExecutionContext) -> None:
        assert not inside or ctx.task_id != "last"
        inside.add(ctx.task_id)
        begun.append(ctx.task_id)
        try:
            with ctx.get_channel().lock(ctx.task_id, timeout=0):
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        finally:
            try:
                await asyncio.sleep(0)
            finally:
                inside.remove(ctx.task_id)

    channel = MemoryChannel()
    with workflow("w", channel=channel) as wf:
        (
            step(task_id="first")
            >> parallel(step(task_id="a"), step(task_id="b"))
            >> step(task_id="last")
        )

    async def main() -> int:
        for turns in range(1_000):
            begun.clear()
            run = asyncio.ensure_future(wf.aexecute())
            if await cancelled_after(turns, run):
                return turns
            assert not inside
            count = len(begun)
            for _ in range(10):
                await asyncio.sleep(0)
            assert len(begun) == count
            assert "running" not in {info.state for info in runs(channel)}
            for each in begun:
                with channel.lock(each, timeout=0):
                    pass
        raise AssertionError("it never ends")

    assert asyncio.run(main(), debug=True) > 10


def test_a_cancelled_run_goes_on_from_its_checkpoint(path: Path, channel: Channel) -> None:
    """Wherever it was: what had ended does not run again, on a loop or on a thread."""
    ran: list[str] = []

    @task
    async def first() -> int:
        ran.append("first")
        await asyncio.sleep(0)
        return 1

    @task
    def second() -> int:
        ran.append("second")
        return 1

    @task(inject_context=True)
    async def summed(ctx: TaskExecutionContext) -> int:
        with ctx.get_channel().lock("job", timeout=PATIENCE):
            await asyncio.sleep(0)
        return ctx.get_result(first) + ctx.get_result(second) + 1

    with workflow("w", channel=channel) as wf:
        (first | second) >> summed

    async def main() -> None:
        turns = 0
        while True:
            path.unlink(missing_ok=True)
            if await cancelled_after(turns, asyncio.ensure_future(wf.aexecute(checkpoint=path))):
                return
            turns += 1 + turns // 4
            assert "running" not in {info.state for info in runs(channel)}
            try:
                done = set(read_checkpoint(path).finished)
            except CheckpointNotFoundError:
                continue  # nothing had run
            ran.clear()
            assert await wf.aresume(path) == 3
            assert not done.intersection(ran)

    asyncio.run(main(), debug=True)


def test_a_function_on_a_thread_ends_and_keeps_its_result(path: Path) -> None:
    """However often the run is cancelled; a coroutine beside it ends at once."""
    begun, release = threading.Event(), threading.Event()
    events: list[str] = []

    @task
    def slow() -> int:
        begun.set()
        assert release.wait(PATIENCE)
        events.append("slow")
        return 1

    @task
    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            events.append("endless")

    with workflow("w") as wf:
        (slow | endless) >> task("never")(lambda: pytest.fail("it ran"))

    async def main() -> None:
        run = asyncio.ensure_future(wf.aexecute(checkpoint=path))
        await asyncio.to_thread(begun.wait, PATIENCE)
        for _ in range(3):
            run.cancel()
            await asyncio.sleep(0.01)
            assert not run.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(main(), debug=True)
    assert events == ["endless", "slow"]
    assert read_checkpoint(path).finished == ("slow",)


def test_a_coroutine_that_ends_well_keeps_its_result(path: Path) -> None:
    """One that does not let itself be cancelled is waited for."""
    begun = asyncio.Event()

    @task
    async def stubborn() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.001)
        return 1

    @task
    async def idles() -> None:
        await asyncio.Event().wait()

    with workflow("w") as wf:
        parallel(stubborn, idles)

    async def main() -> None:
        run = asyncio.ensure_future(wf.aexecute(checkpoint=path))
        await begun.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(main(), debug=True)
    assert read_checkpoint(path).finished == ("stubborn",)


def test_a_timeout_ends_a_run() -> None:
    """`asyncio.timeout` cancels it, and gets its exception back."""

    @task
    async def endless() -> None:
        await asyncio.Event().wait()

    @task(atomic=True)
    async def endless_atomic() -> None:
        await asyncio.Event().wait()

    with workflow("w", channel=MemoryChannel()) as wf:
        endless | endless_atomic

    async def main() -> None:
        async with asyncio.timeout(0.02):
            await wf.aexecute()

    with pytest.raises(TimeoutError):
        asyncio.run(main(), debug=True)


def test_a_pause_before_another_attempt_is_cut_short() -> None:
    """The task counts as failed, and nothing waits for it."""
    tried = asyncio.Event()

    @task(max_retries=1, retry_delay=3600)
    async def flaky() -> None:
        tried.set()
        raise ConnectionError

    with workflow("w") as wf:
        flaky()

    async def main() -> None:
        run = asyncio.ensure_future(wf.aexecute())
        await tried.wait()
        await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(main(), debug=True)


def test_an_observer_that_never_answers_is_cancelled_too() -> None:
    """It is told of what comes after that; a run that is cancelled does not hang on it."""
    told: list[str] = []

    class Hangs(AsyncRunObserver):
        async def task_started(self, event: TaskEvent) -> None:
            told.append("started")
            await asyncio.Event().wait()

        async def task_failed(self, event: TaskEvent, error: BaseException) -> None:
            told.append(f"failed with {type(error).__name__}")

    @task
    async def endless() -> None:
        await asyncio.Event().wait()

    with workflow("w") as wf:
        endless()

    async def main() -> None:
        run = asyncio.ensure_future(wf.aexecute(observers=[Hangs()]))
        while not told:
            await asyncio.sleep(0)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(asyncio.wait_for(main(), PATIENCE), debug=True)
    assert told == ["started", "failed with CancelledError"]


PROGRAM = """
import asyncio, sys
from graflow import parallel, task, workflow

@task
async def endless(number: int) -> None:
    print("begun", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("ended", flush=True)

with workflow("w") as wf:
    parallel(endless(1), endless(2))
asyncio.run(wf.aexecute())
"""


def test_ctrl_c_cancels_the_run() -> None:
    """`asyncio.run` turns it into a cancellation; nothing complains of what was left."""
    with attended(
        subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
        os.kill(process.pid, signal.SIGINT)
        said, complaints = process.communicate(timeout=PATIENCE)
    assert said == "ended\n" * 2
    assert complaints.splitlines()[-1] == "KeyboardInterrupt"
    assert "never" not in complaints
    assert "destroyed" not in complaints

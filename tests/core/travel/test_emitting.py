"""Values that tasks in other processes emit, and runs of theirs on an event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from multiprocessing import get_context
from typing import Any

import pytest

from graflow import (
    AsyncRunObserver,
    Emitted,
    RedisChannel,
    RunEnded,
    RunObserver,
    TaskEvent,
    TaskExecutionContext,
    TaskFinished,
    chain,
    parallel,
    runs,
    task,
    workflow,
)
from graflow.core.travel.executors import ExecutorSource
from graflow.exceptions import TaskFailedError
from tests.core.travelling import add, processes, total, wait_for
from tests.patience import PATIENCE


def test_what_a_task_emits_elsewhere_arrives_while_it_runs(
    far: ExecutorSource, channel: RedisChannel
) -> None:
    """The task goes on once the consumer has got it; its end comes later."""

    @task(inject_context=True)
    def asks(ctx: TaskExecutionContext) -> int:
        ctx.emit({"pid": os.getpid()})
        wait_for(lambda: ctx.get_channel().exists("seen"))
        ctx.emit("seen")
        return 7

    with workflow("w", channel=channel) as wf:
        chain(asks)
    seen: list[Any] = []
    for event in wf.stream(executor=far):
        if isinstance(event, Emitted):
            seen.append(event.value)
            channel.set("seen", True)
        elif isinstance(event, TaskFinished):
            seen.append("finished")
        elif isinstance(event, RunEnded):
            seen.append(event.result)
    assert seen[0]["pid"] != os.getpid()
    assert seen[1:] == ["seen", "finished", 7]
    assert not [key for key in channel.backend.keys(kept=True) if "emitted" in key]


def test_a_thread_that_outlives_its_run_elsewhere(channel: RedisChannel) -> None:
    """What it emits afterwards goes nowhere, and it waits for nobody; nothing is left behind."""

    @task(inject_context=True)
    def leaves(ctx: TaskExecutionContext) -> None:
        def emit_on() -> None:
            ctx.emit("first")
            wait_for(lambda: channel_of_task.exists("over"))
            for number in range(600):
                ctx.emit(number)
            channel_of_task.set("went on", True)

        channel_of_task = ctx.get_channel()
        threading.Thread(target=emit_on, daemon=True).start()

    with workflow("w", channel=channel) as wf, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        chain(leaves)
        for event in wf.stream(executor=pool):
            assert not isinstance(event, Emitted) or event.value == "first"
        channel.set("over", True)
        assert channel.wait_for("went on", timeout=PATIENCE) is True
    assert not [key for key in channel.backend.keys(kept=True) if "emit" in key]


def test_an_observer_here_gets_what_is_emitted_elsewhere(channel: RedisChannel) -> None:
    """From coroutines too, with the number of the attempt, in order."""
    seen: list[tuple[str, int, Any]] = []

    class Watches(RunObserver):
        def emitted(self, event: TaskEvent, value: Any) -> None:
            seen.append((event.task_id, event.attempt, value))

    @task(inject_context=True, max_retries=1, retry_delay=0)
    async def emits(ctx: TaskExecutionContext) -> None:
        await ctx.aemit([1, "é\n"])
        ctx.emit(None)
        if ctx.get_channel().atomic_add("attempts") == 1:
            raise ConnectionError

    with workflow("w", channel=channel) as wf:
        chain(emits)
    wf.execute(executor=processes, observers=[Watches()])
    assert seen == [("emits", n, value) for n in (1, 2) for value in ([1, "é\n"], None)]


@pytest.mark.parametrize("kind", [RunObserver, AsyncRunObserver])
def test_an_observer_of_a_run_elsewhere_is_told_on_the_loop(
    kind: type, channel: RedisChannel
) -> None:
    """Of everything, though a thread waits for the replies."""
    threads: set[int] = set()

    class Here(RunObserver):
        def task_finished(self, event: TaskEvent) -> None:
            asyncio.get_running_loop()
            threads.add(threading.get_ident())

    class Later(AsyncRunObserver):
        async def task_finished(self, event: TaskEvent) -> None:
            await asyncio.sleep(0)
            threads.add(threading.get_ident())

    with workflow("w", channel=channel) as wf:
        add(task_id="add")
    observer = Here() if kind is RunObserver else Later()
    asyncio.run(wf.aexecute(executor=processes, observers=[observer]), debug=True)
    assert threads == {threading.get_ident()}


def test_a_slow_consumer_slows_a_task_elsewhere(channel: RedisChannel) -> None:
    """It gets no further ahead than there is room, and nothing is lost."""

    @task(inject_context=True)
    def emits(ctx: TaskExecutionContext) -> None:
        for number in range(700):
            ctx.get_channel().set("sent", number)
            ctx.emit(number)

    with workflow("w", channel=channel) as wf:
        chain(emits)
    values: list[int] = []
    for event in wf.stream(executor=processes, buffer=1):
        if isinstance(event, Emitted):
            values.append(event.value)
            # What waits in the buffer, on the way to it, and in the channel.
            assert channel.get("sent") - event.value <= 1 + 100 + 256 + 2
    assert values == list(range(700))


def test_a_consumer_that_stops_lets_tasks_elsewhere_end(channel: RedisChannel) -> None:
    """One that waits for room goes on; nothing else starts."""

    @task(inject_context=True)
    def emits(ctx: TaskExecutionContext) -> None:
        for number in range(400):
            ctx.emit(number)
        ctx.get_channel().set("is over", True)

    with workflow("w", channel=channel) as wf:
        emits >> task("never")(lambda: pytest.fail("it ran"))

    async def main() -> None:
        async with aclosing(wf.astream(executor=processes, buffer=1)) as events:
            async for event in events:
                if isinstance(event, Emitted):
                    break

    asyncio.run(main(), debug=True)
    assert channel.get("is over") is True
    assert runs(channel)[-1].state == "failed"


def test_a_run_elsewhere_is_awaited(far: ExecutorSource, channel: RedisChannel) -> None:
    """The loop goes on meanwhile, and failures come back as with `execute`."""

    @task
    def fails() -> None:
        raise ValueError("no")

    with workflow("w", channel=channel) as wf:
        parallel(*(add(task_id=f"add {number}") for number in range(3))) >> total
    with workflow("bad", channel=channel) as bad:
        chain(fails)

    async def main() -> Any:
        turns = 0
        run = asyncio.ensure_future(wf.aexecute(executor=far))
        while not run.done():
            turns += 1
            await asyncio.sleep(0.001)
        assert turns > 3
        with pytest.raises(TaskFailedError, match="ValueError: no"):
            await bad.aexecute(executor=far)
        return run.result()

    assert asyncio.run(main(), debug=True) == {"sum": 3}


def test_a_run_elsewhere_is_cancelled(channel: RedisChannel, tmp_path: Any) -> None:
    """Its tasks end and keep their results; it can be resumed."""
    path = tmp_path / "run.json"

    @task(inject_context=True)
    def waits(ctx: TaskExecutionContext) -> int:
        ctx.get_channel().append("begun", ctx.task_id)
        wait_for(lambda: ctx.get_channel().exists("go on"))
        return 1

    with workflow("w", channel=channel) as wf:
        waits >> task("last")(lambda: 2)

    async def main() -> Any:
        run = asyncio.ensure_future(wf.aexecute(executor=processes, checkpoint=path))
        async with asyncio.timeout(PATIENCE):
            while not channel.exists("begun"):
                await asyncio.sleep(0.01)
        run.cancel()
        await asyncio.sleep(0)
        channel.set("go on", True)
        with pytest.raises(asyncio.CancelledError):
            await run
        return await wf.aresume(path)

    assert asyncio.run(main(), debug=True) == 2
    assert channel.get("begun") == ["waits"]

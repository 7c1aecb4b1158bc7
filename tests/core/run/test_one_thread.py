"""Runs where there are no threads: everything is done in turn, with the same results and errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import nullcontext
from contextvars import ContextVar
from pathlib import Path

import pytest

from graflow import (
    AsyncRunObserver,
    Channel,
    Emitted,
    MemoryChannel,
    RunEnded,
    TaskEvent,
    TaskExecutionContext,
    TaskFailedError,
    chain,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from graflow.system.without_threads import has_threads
from tests.core.watching import Log
from tests.one_thread import one_thread
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("_threads")


@pytest.fixture(params=["as it is", "one thread"] if has_threads() else ["as it is"])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run each test as the platform is, and where no thread can be started."""
    with one_thread() if request.param == "one thread" else nullcontext():
        yield


def test_functions_and_coroutines_run_in_the_order_of_the_graph() -> None:
    """Each sees the results of those before it, whichever of both it is."""

    @task
    def two() -> int:
        return 2

    @task(inject_context=True)
    async def double(ctx: TaskExecutionContext, by: int = 2) -> int:
        await asyncio.sleep(0.01)
        return ctx.get_result(two) * by

    @task(inject_context=True)
    def negate(ctx: TaskExecutionContext) -> int:
        return -ctx.get_result(two)

    @task(inject_context=True)
    def add(ctx: TaskExecutionContext) -> int:
        return ctx.get_result(double) + ctx.get_result(negate)

    with workflow("w") as wf:
        two >> (double | negate) >> add
    assert wf.execute() == 2


def test_coroutines_run_beside_each_other() -> None:
    """One may wait for what another one does."""
    arrived = asyncio.Event()
    with workflow("w") as wf:

        @task
        async def wait() -> str:
            await arrived.wait()
            return "seen"

        @task
        async def arrive() -> str:
            await asyncio.sleep(0.01)
            arrived.set()
            return "set"

        parallel(wait, arrive)
    assert wf.execute() == {"wait": "seen", "arrive": "set"}


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_task_is_retried(is_async: bool, atomic: bool) -> None:
    """After each failure until it succeeds, with what it wrote undone if it is atomic."""
    attempts: list[int] = []

    def work(ctx: TaskExecutionContext) -> int:
        attempts.append(len(attempts))
        written = ctx.get_channel().atomic_add("attempts", 1)
        if len(attempts) < 3:
            raise ValueError(f"attempt {len(attempts)}")
        return int(written)

    async def later(ctx: TaskExecutionContext) -> int:
        await asyncio.sleep(0)
        return work(ctx)

    with workflow("w") as wf:
        task(id="t", inject_context=True, max_retries=5, retry_delay=0.001, atomic=atomic)(
            later if is_async else work
        )
    log = Log()
    assert wf.execute(observers=[log]) == (1 if atomic else 3)
    assert log.events == [
        "t 1 started",
        "t 1 retried after ValueError",
        "t 2 started",
        "t 2 retried after ValueError",
        "t 3 started",
        "t 3 finished",
    ]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_failure_is_told_as_ever(is_async: bool) -> None:
    """With its cause; what is after the task does not run, and a result before it stays."""

    def fail() -> None:
        raise KeyError("why")

    async def later() -> None:
        fail()

    with workflow("w") as wf:
        last = Log()
        chain(task("a")(lambda: 1), task("b")(later if is_async else fail), task("c")(lambda: 3))
    with pytest.raises(TaskFailedError, match="KeyError: 'why'") as caught:
        wf.execute(observers=[last])
    assert list(caught.value.failures) == ["b"]
    assert isinstance(caught.value.__cause__, KeyError)
    assert last.events[-1] == "b 1 failed with KeyError"


def test_tasks_get_copies_of_the_variables_of_the_caller() -> None:
    """What one sets nobody else sees."""
    variable = ContextVar("variable", default="unset")
    variable.set("set")

    def work() -> str:
        seen = variable.get()
        variable.set("changed")
        return seen

    async def later() -> str:
        await asyncio.sleep(0)
        return work()

    with workflow("w") as wf:
        chain(task("a")(work), task("b")(later), task("c")(work))
    _, ctx = wf.execute(ret_context=True)
    assert [ctx.get_result(name) for name in "abc"] == ["set"] * 3
    assert variable.get() == "set"


def test_a_function_is_outside_of_the_event_loop() -> None:
    """So it may run a workflow of its own, which may have coroutines."""

    async def inner() -> int:
        return await asyncio.to_thread(int, "7")

    def outer() -> int:
        with workflow("inner") as wf:
            task("inner")(inner)
        return int(wf.execute())

    async def beside() -> int:
        await asyncio.sleep(0)
        return outer()

    with workflow("w") as wf:
        parallel(task("a")(outer), task("b")(outer))
    assert wf.execute() == {"a": 7, "b": 7}
    if not has_threads():  # or it would warn that it blocks the loop
        with workflow("w") as wf:
            parallel(task("a")(beside), task("b")(beside))
        assert wf.execute() == {"a": 7, "b": 7}


@pytest.mark.parametrize("is_async", [False, True])
def test_a_task_may_sleep(is_async: bool) -> None:
    """Although in Pyodide `time.sleep` waits for an event loop."""

    async def later() -> None:
        time.sleep(0.01)

    with workflow("w") as wf:
        task("t")(later if is_async else lambda: time.sleep(0.01))
    wf.execute()
    asyncio.run(wf.aexecute())


def test_a_run_can_be_awaited() -> None:
    """On the loop of whoever awaits it; functions are called in turn."""
    with workflow("w") as wf:
        parallel(task("a")(lambda: 1), task("b")(lambda: 2))
    assert asyncio.run(wf.aexecute()) == {"a": 1, "b": 2}


class Heard(AsyncRunObserver):
    """Notes what is emitted, after a while."""

    def __init__(self) -> None:
        self.values: list[object] = []

    async def emitted(self, event: TaskEvent, value: object) -> None:
        """Note it."""
        await asyncio.sleep(0)
        self.values.append(value)


def test_what_functions_and_coroutines_emit_is_told_in_their_order() -> None:
    """To observers that are coroutines as well."""

    def work(ctx: TaskExecutionContext) -> None:
        ctx.emit(1)
        ctx.emit(2)

    async def later(ctx: TaskExecutionContext) -> None:
        await ctx.aemit(3)
        await ctx.aemit(4)

    inject = task(inject_context=True)
    with workflow("w") as wf:
        inject(work) >> inject(later)
    heard = Heard()
    wf.execute(observers=[heard])
    assert heard.values == [1, 2, 3, 4]


def test_a_stream_yields_what_happens() -> None:
    """All events of the run in their order, and the result last."""

    def work(ctx: TaskExecutionContext) -> int:
        for number in range(3):
            ctx.emit(number)
        return 3

    with workflow("w") as wf:
        task(inject_context=True)(work)
    events = list(wf.stream(buffer=1))
    assert [event.value for event in events if isinstance(event, Emitted)] == [0, 1, 2]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].result == 3


def test_whoever_leaves_a_stream_ends_the_run() -> None:
    """Its coroutines are cancelled before `close` returns."""
    ended: list[str] = []

    async def wait(ctx: TaskExecutionContext) -> None:
        try:
            await ctx.aemit("waits")
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append("cancelled")

    with workflow("w") as wf:
        task(inject_context=True)(wait)
    stream = wf.stream()
    assert any(isinstance(event, Emitted) for event in stream)
    stream.close()
    assert ended == ["cancelled"]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_run_that_failed_is_resumed(is_async: bool, tmp_path: Path) -> None:
    """From its checkpoint, with the values in its channel."""
    tried: list[int] = []

    def flaky(ctx: TaskExecutionContext) -> int:
        tried.append(len(tried))
        if len(tried) == 1:
            raise ValueError
        return int(ctx.get_result("base")) + int(ctx.get_channel().get("more"))

    async def later(ctx: TaskExecutionContext) -> int:
        return flaky(ctx)

    path = tmp_path / "run.json"
    with workflow("w") as wf:
        task("base")(lambda: 40) >> task(id="second", inject_context=True)(
            later if is_async else flaky
        )
    with pytest.raises(TaskFailedError):
        wf.execute(checkpoint=path, initial_channel={"more": 2})
    assert set(read_checkpoint(path).finished) == {"base"}
    assert wf.resume(path) == 42


def test_runs_share_a_channel() -> None:
    """Each is in its list while it runs, and afterwards."""
    channel: Channel = MemoryChannel("shared")
    with workflow("w", channel=channel) as wf:
        task("a")(lambda: 1)
    assert [wf.execute(run_id="r") for _ in range(2)] == [1, 1]

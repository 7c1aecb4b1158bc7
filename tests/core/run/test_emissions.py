"""Emissions of tasks: when observers are told of them, and who waits for that."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from graflow import (
    AsyncRunObserver,
    RunObserver,
    TaskEvent,
    TaskExecutionContext,
    parallel,
    task,
    workflow,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("no_threads_left")

T = TypeVar("T")

EAGER = [True] if sys.version_info >= (3, 12) else []  # asyncio has no eager tasks before


@pytest.fixture(params=[False, *EAGER], ids=lambda eager: "eager" if eager else "lazy")
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Awaitable[T]]], T]:
    """Run a coroutine on a loop, whose tasks may begin where they are made."""

    def running(main: Callable[[], Awaitable[T]]) -> T:
        async def whole() -> T:
            if sys.version_info >= (3, 12) and request.param:
                asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
            return await asyncio.wait_for(main(), PATIENCE)

        return asyncio.run(whole(), debug=True)

    return running


class Plain(RunObserver):
    """Notes what is emitted."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def emitted(self, event: TaskEvent, value: Any) -> None:
        """Note it."""
        self.values.append(value)


class Awaited(AsyncRunObserver):
    """Notes what is emitted, and lets others go on."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    async def emitted(self, event: TaskEvent, value: Any) -> None:
        """Note it."""
        await asyncio.sleep(0)
        self.values.append(value)


BOTH = pytest.mark.parametrize("kind", [Plain, Awaited])


@BOTH
def test_a_task_that_emits_all_the_time_lets_the_run_go_on(run: Any, kind: Any) -> None:
    """Another task emits, ends, and is followed by the next while the first one still emits."""
    emitting, is_over = asyncio.Event(), False

    @task(inject_context=True)
    async def chatters(ctx: TaskExecutionContext) -> int:
        for number in range(1_000):
            if is_over:
                return number
            await ctx.aemit(number)
            emitting.set()
        return 1_000

    @task(inject_context=True)
    async def interjects(ctx: TaskExecutionContext) -> None:
        await emitting.wait()
        await ctx.aemit("other")

    @task
    async def follows() -> None:
        nonlocal is_over
        is_over = True

    with workflow("w") as wf:
        first, second = chatters(), interjects()
        second >> follows()
    observer = kind()
    results = run(lambda: wf.aexecute(observers=[observer]))
    emitted = results[first.task_id]
    assert emitted < 50
    assert [each for each in observer.values if each != "other"] == list(range(emitted))
    assert "other" in observer.values


@BOTH
@pytest.mark.parametrize("hops", range(7))
def test_what_a_coroutine_emits_arrives_without_a_further_event(
    run: Any, kind: Any, hops: int
) -> None:
    """Whatever the loop did between two values."""
    observer = kind()

    async def hop() -> None:
        for _ in range(hops):
            await asyncio.sleep(0)

    @task(inject_context=True)
    async def emits(ctx: TaskExecutionContext) -> None:
        ctx.emit("a")
        await asyncio.create_task(hop())
        ctx.emit("b")
        while observer.values != ["a", "b"]:
            await asyncio.sleep(0)

    with workflow("w") as wf:
        emits()
    run(lambda: wf.aexecute(observers=[observer]))
    assert observer.values == ["a", "b"]


@BOTH
def test_values_of_threads_and_coroutines_arrive_in_order(run: Any, kind: Any) -> None:
    """None is lost, and none comes twice."""

    @task(inject_context=True)
    def on_a_thread(ctx: TaskExecutionContext) -> None:
        for number in range(50):
            ctx.emit([ctx.task_id, number])

    @task(inject_context=True)
    async def on_a_loop(ctx: TaskExecutionContext) -> None:
        for number in range(0, 50, 2):
            ctx.emit([ctx.task_id, number])
            await ctx.aemit([ctx.task_id, number + 1])

    names = ["a", "b", "c", "d"]
    with workflow("w") as wf:
        parallel(
            *(on_a_thread(task_id=name) for name in names[:2]),
            *(on_a_loop(task_id=name) for name in names[2:]),
        )
    observer = kind()
    run(lambda: wf.aexecute(observers=[observer]))
    for name in names:
        found = [number for task_id, number in observer.values if task_id == name]
        assert found == list(range(50))
    assert len(observer.values) == 200


@pytest.mark.parametrize("how", ["execute", "aexecute"])
@BOTH
def test_what_is_emitted_after_the_run_goes_nowhere(how: str, kind: Any, run: Any) -> None:
    """A thread that outlives the run neither fails nor hangs, on an open or a closed loop."""
    contexts: list[TaskExecutionContext] = []
    observer = kind()

    @task(inject_context=True)
    def leaves(ctx: TaskExecutionContext) -> None:
        contexts.append(ctx)
        ctx.emit("in time")

    async def main() -> None:
        await wf.aexecute(observers=[observer])
        (ctx,) = contexts
        await asyncio.to_thread(ctx.emit, "too late")
        ctx.emit("too late")
        await ctx.aemit("too late")

    with workflow("w") as wf:
        leaves()
    if how == "execute":
        wf.execute(observers=[observer])
    else:
        run(main)
    contexts[0].emit("too late")
    asyncio.run(contexts[0].aemit("too late"))
    assert observer.values == ["in time"]


@BOTH
def test_a_thread_that_emits_when_the_run_ends_goes_on(run: Any, kind: Any) -> None:
    """Whatever it was doing at that moment."""
    enough = threading.Event()
    threads: list[threading.Thread] = []
    errors: list[BaseException] = []

    def emit_until_enough(ctx: TaskExecutionContext) -> None:
        try:
            while not enough.is_set():
                ctx.emit(1)
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    @task(inject_context=True)
    def leaves(ctx: TaskExecutionContext) -> None:
        threads.append(threading.Thread(target=emit_until_enough, args=(ctx,), daemon=True))
        threads[-1].start()

    with workflow("w") as wf:
        leaves()

    for _ in range(30):
        enough.clear()
        observer = kind()
        run(lambda told=observer: wf.aexecute(observers=[told]))
        count = len(observer.values)
        enough.set()
        threads[-1].join(PATIENCE)
        assert not threads[-1].is_alive()
        assert count == len(observer.values)
    assert not errors


@BOTH
def test_a_loop_that_ends_takes_its_runs_along(run: Any, kind: Any) -> None:
    """Nobody waits for an observer that the end of the loop has cancelled."""
    begun = asyncio.Event()
    left: list[asyncio.Task[Any]] = []

    @task(inject_context=True)
    async def emits(ctx: TaskExecutionContext) -> None:
        while True:
            begun.set()
            ctx.emit(1)
            await ctx.aemit(2)

    with workflow("w") as wf:
        emits()

    async def main() -> None:
        left.append(asyncio.create_task(wf.aexecute(observers=[kind()])))
        await begun.wait()

    run(main)
    assert left[0].cancelled()


def test_a_cancelled_run_waits_for_no_observer() -> None:
    """Each further call begins, and is cancelled where it waits; those of others are made."""
    begun: list[Any] = []
    ended: list[Any] = []
    plain = Plain()

    class Slow(AsyncRunObserver):
        async def emitted(self, event: TaskEvent, value: Any) -> None:
            begun.append(value)
            await asyncio.Event().wait()
            ended.append(value)

        async def task_failed(self, event: TaskEvent, error: BaseException) -> None:
            begun.append(type(error).__name__)

    @task(inject_context=True)
    async def emits(ctx: TaskExecutionContext) -> None:
        for number in range(20):
            ctx.emit(number)
        await asyncio.Event().wait()

    with workflow("w") as wf:
        emits()

    async def main() -> None:
        running = asyncio.create_task(wf.aexecute(observers=[Slow(), plain]))
        while not begun:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, PATIENCE)

    asyncio.run(main(), debug=True)
    assert begun == [*range(20), "CancelledError"]
    assert ended == []
    assert plain.values == list(range(20))


@pytest.mark.parametrize("how", ["execute", "aexecute"])
def test_an_observer_that_raises_a_cancellation_is_not_called_again(how: str, run: Any) -> None:
    """As with any other exception of its own, the run goes on and ends with a warning."""
    calls: list[str] = []

    class Raises(AsyncRunObserver):
        async def task_started(self, event: TaskEvent) -> None:
            calls.append(event.task_id)
            raise asyncio.CancelledError

    with workflow("w") as wf:
        task("one")(lambda: 1) >> task("two")(lambda: 2)
    execute = wf.execute if how == "execute" else lambda **kw: run(lambda: wf.aexecute(**kw))
    with pytest.warns(RuntimeWarning, match=r"raised CancelledError\(\)"):
        assert execute(observers=[Raises()]) == 2
    assert calls == ["one"]

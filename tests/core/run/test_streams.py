"""Streams: the events of a run as they happen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from typing import Any, TypeVar

import pytest

from graflow import (
    AsyncRunObserver,
    Emitted,
    MemoryChannel,
    RunEnded,
    RunEvent,
    RunObserver,
    TaskEvent,
    TaskExecutionContext,
    TaskFailed,
    TaskFinished,
    TaskRetried,
    TaskStarted,
    Workflow,
    chain,
    parallel,
    runs,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.exceptions import (
    ChannelTypeError,
    TaskFailedError,
    WorkflowTypeError,
    WorkflowValueError,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("no_threads_left")

T = TypeVar("T")


def told(event: RunEvent) -> str:
    """Return an event as a line of text."""
    if isinstance(event, RunEnded):
        return f"ended with {event.result!r}"
    assert isinstance(event, TaskEvent)
    text = f"{event.task_id} {event.attempt} {type(event).__name__.removeprefix('Task').lower()}"
    if isinstance(event, Emitted):
        return f"{text} {event.value!r}"
    if isinstance(event, TaskRetried | TaskFailed):
        return f"{text} {type(event.error).__name__}"
    assert isinstance(event, TaskStarted | TaskFinished)
    return text


def streamed(wf: Workflow, **options: Any) -> Iterator[RunEvent]:
    """Yield the events for a thread."""
    with closing(wf.stream(**options)) as events:
        yield from events


def astreamed(wf: Workflow, **options: Any) -> Iterator[RunEvent]:
    """Yield the events that a loop gets, as they come."""
    with asyncio.Runner(debug=True) as runner:
        events = wf.astream(**options)
        try:
            while True:
                try:
                    yield runner.run(asyncio.wait_for(anext(events), PATIENCE))
                except StopAsyncIteration:
                    return
        finally:
            runner.run(events.aclose())


BOTH = pytest.mark.parametrize("stream", [streamed, astreamed])


def awaited(main: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine on a loop that has nothing left afterwards."""

    async def whole() -> T:
        result = await asyncio.wait_for(main(), PATIENCE)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(whole(), debug=True)


@BOTH
def test_a_stream_tells_all_that_happens(stream: Any, channel: Channel) -> None:
    """In order; the last event has the result."""
    failures = [ConnectionError()]

    @task(inject_context=True, max_retries=1, retry_delay=0)
    def first(ctx: TaskExecutionContext) -> None:
        ctx.emit({"percent": 50})
        if failures:
            raise failures.pop()

    @task(inject_context=True)
    async def second(ctx: TaskExecutionContext) -> int:
        await ctx.aemit([1, 2])
        ctx.emit(None)
        return 7

    with workflow("w", channel=channel) as wf:
        first >> second
    events = list(stream(wf))
    assert list(map(told, events)) == [
        "first 1 started",
        "first 1 emitted {'percent': 50}",
        "first 1 retried ConnectionError",
        "first 2 started",
        "first 2 emitted {'percent': 50}",
        "first 2 finished",
        "second 1 started",
        "second 1 emitted [1, 2]",
        "second 1 emitted None",
        "second 1 finished",
        "ended with 7",
    ]
    (run_id,) = {event.run_id for event in events}
    assert {event.workflow for event in events} == {"w"}
    assert isinstance(events[-1], RunEnded)
    assert events[-1].context.run_id == run_id
    assert events[-1].context.get_result(second) == 7


@BOTH
def test_the_failure_of_a_run_comes_after_the_last_event(stream: Any) -> None:
    """The consumer has seen the task fail by then."""

    @task
    async def bad() -> None:
        raise ValueError("no")

    with workflow("w") as wf:
        bad()
    seen: list[str] = []
    with pytest.raises(TaskFailedError, match="ValueError: no"):
        seen.extend(told(event) for event in stream(wf))
    for event in seen:
        assert event in ("bad 1 started", "bad 1 failed ValueError")


@BOTH
def test_a_slow_consumer_slows_the_tasks_and_loses_nothing(stream: Any) -> None:
    """No task gets further ahead than the buffer, and what two tasks hold in their hands."""
    sent = 0

    @task(inject_context=True)
    def on_a_thread(ctx: TaskExecutionContext) -> None:
        nonlocal sent
        for number in range(100):
            ctx.emit(number)
            sent += 1

    @task(inject_context=True)
    async def on_a_loop(ctx: TaskExecutionContext) -> None:
        nonlocal sent
        for number in range(100):
            await ctx.aemit(number)
            sent += 1

    for each in (on_a_thread, on_a_loop):
        with workflow("w") as wf:
            chain(each)
        taken, sent = 0, 0
        values = []
        for event in stream(wf, buffer=3):
            if isinstance(event, Emitted):
                taken += 1
                values.append(event.value)
                assert sent <= taken + 3 + 1
        assert values == list(range(100))


@BOTH
def test_a_consumer_that_stops_ends_the_run(stream: Any) -> None:
    """Coroutines are cancelled; a function that waits for room in the buffer goes on and ends."""
    events: list[str] = []
    begun = threading.Event()
    channel = MemoryChannel()

    @task(inject_context=True)
    def chatters(ctx: TaskExecutionContext) -> None:
        assert begun.wait(PATIENCE)
        for number in range(100):
            ctx.emit(number)
        events.append("chatters")

    @task
    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            events.append("endless")

    with workflow("w", channel=channel) as wf:
        (chatters | endless) >> task("never")(lambda: pytest.fail("it ran"))
    found = stream(wf, buffer=2)
    for event in found:
        if isinstance(event, Emitted):
            break
    found.close()
    assert sorted(events) == ["chatters", "endless"]
    assert [info.state for info in runs(channel)] == ["failed"]


def test_an_exception_of_the_consumer_ends_the_run() -> None:
    """As do its cancellation, and the end of `aclosing`."""
    cancelled = 0
    begun = asyncio.Event()

    @task
    async def endless() -> None:
        nonlocal cancelled
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled += 1

    with workflow("w") as wf:
        endless()

    async def consume() -> None:
        async with aclosing(wf.astream()) as events:
            async for _ in events:
                await begun.wait()
                raise KeyError

    async def wait() -> None:
        async with aclosing(wf.astream()) as events:
            async for _ in events:
                pass

    async def main() -> None:
        with pytest.raises(KeyError):
            await consume()
        assert cancelled == 1
        begun.clear()
        waiting = asyncio.ensure_future(wait())
        await begun.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert cancelled == 2

    awaited(main)


def test_a_stream_that_is_not_asked_begins_nothing() -> None:
    """Its arguments are checked at once."""
    with workflow("w") as wf:
        task("never")(lambda: pytest.fail("it ran"))
    wf.stream().close()
    awaited(lambda: wf.astream().aclose())
    for stream in (wf.stream, wf.astream):
        for wrong, error in ((0, WorkflowValueError), ("2", WorkflowTypeError)):
            with pytest.raises(error, match="buffer must be"):
                stream(buffer=wrong)  # type: ignore[arg-type]
        with pytest.raises(WorkflowValueError):
            stream(max_workers=0)


@pytest.mark.parametrize("watched", [True, False])
def test_what_is_emitted_is_plain_data_whoever_watches(watched: bool) -> None:
    """The same error as of a channel, and a copy of what is plain."""
    values: list[int] = [1]

    class Watches(RunObserver):
        def emitted(self, event: TaskEvent, value: Any) -> None:
            value.append(2)

    @task(inject_context=True)
    def emits(ctx: TaskExecutionContext) -> None:
        ctx.emit(values)
        with pytest.raises(ChannelTypeError):
            ctx.emit(object())

    with workflow("w") as wf:
        emits()
    wf.execute(observers=[Watches()] if watched else [])
    emits.run(TaskExecutionContext("emits"))
    assert values == [1]


class Awaited(AsyncRunObserver):
    """Notes events, each of which takes a while."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.loops: set[asyncio.AbstractEventLoop] = set()

    async def task_started(self, event: TaskEvent) -> None:
        """Note it."""
        await self._note(f"{event.task_id} started")

    async def task_finished(self, event: TaskEvent) -> None:
        """Note it."""
        await self._note(f"{event.task_id} finished")

    async def emitted(self, event: TaskEvent, value: Any) -> None:
        """Note it."""
        await self._note(f"{event.task_id} emitted {value}")

    async def _note(self, text: str) -> None:
        self.loops.add(asyncio.get_running_loop())
        self.seen.append(f"({text}")
        await asyncio.sleep(0)
        self.seen.append(f"{text})")


def run(how: str, wf: Workflow, observer: AsyncRunObserver) -> Any:
    """Run a workflow, on a loop or not."""
    if how == "execute":
        return wf.execute(observers=[observer])
    return awaited(lambda: wf.aexecute(observers=[observer]))


@pytest.mark.parametrize("how", ["execute", "aexecute"])
def test_an_asynchronous_observer_is_awaited(how: str) -> None:
    """One call after the other; on the caller's loop, if there is one."""
    observer = Awaited()
    loops: list[asyncio.AbstractEventLoop] = []

    @task(inject_context=True)
    async def one(ctx: TaskExecutionContext) -> None:
        await ctx.aemit(1)
        ctx.emit(2)

    @task(inject_context=True)
    def two(ctx: TaskExecutionContext) -> None:
        ctx.emit(3)

    with workflow("w") as wf:
        one | two

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await wf.aexecute(observers=[observer])

    if how == "execute":
        wf.execute(observers=[observer])
    else:
        awaited(main)
        assert observer.loops == set(loops)
    assert len(observer.loops) == 1
    pairs = list(zip(observer.seen[::2], observer.seen[1::2], strict=True))
    assert all(f"{begun}" == f"({ended}"[:-1] for begun, ended in pairs)
    assert [each for each in observer.seen if each.startswith("(one")] == [
        "(one started",
        "(one emitted 1",
        "(one emitted 2",
        "(one finished",
    ]
    assert "(two emitted 3" in observer.seen


@pytest.mark.parametrize("how", ["execute", "aexecute"])
def test_an_asynchronous_observer_that_raises_is_not_called_again(how: str) -> None:
    """The run goes on, and ends with a warning."""
    calls: list[str] = []

    class Raises(AsyncRunObserver):
        async def task_started(self, event: TaskEvent) -> None:
            calls.append(event.task_id)
            raise ValueError("no")

    with workflow("w") as wf:
        task("one")(lambda: 1) >> task("two")(lambda: 2)
    with pytest.warns(RuntimeWarning, match=r"raised ValueError\('no'\)"):
        assert run(how, wf, Raises()) == 2
    assert calls == ["one"]


def test_an_emission_whose_task_stops_waiting_is_not_lost() -> None:
    """Nor does it arrive twice, or out of order."""
    seen: list[Any] = []
    free = asyncio.Event()

    class Slow(AsyncRunObserver):
        async def emitted(self, event: TaskEvent, value: Any) -> None:
            await free.wait()
            seen.append(value)

    @task(inject_context=True)
    async def emits(ctx: TaskExecutionContext) -> None:
        for number in range(3):
            waiting = asyncio.ensure_future(ctx.aemit(number))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
        free.set()
        await ctx.aemit(3)

    with workflow("w") as wf:
        emits()
    awaited(lambda: wf.aexecute(observers=[Slow()]))
    assert seen == [0, 1, 2, 3]


def test_streams_in_several_threads_do_not_meet() -> None:
    """Each yields the events of its own run."""

    @task(inject_context=True)
    async def emits(ctx: TaskExecutionContext, number: int) -> int:
        await ctx.aemit(number)
        return number

    def consume(number: int) -> list[str]:
        with workflow(f"w {number}") as wf:
            emits(task_id="emits", number=number)
        return [told(event) for event in wf.stream()]

    with ThreadPoolExecutor(4) as pool:
        for number, lines in enumerate(pool.map(consume, range(8))):
            assert lines[1:] == [
                f"emits 1 emitted {number}",
                "emits 1 finished",
                f"ended with {number}",
            ]


def test_two_tasks_emit_at_the_same_time() -> None:
    """From threads and from the loop; nothing gets lost, and each task's values are in order."""

    @task(inject_context=True)
    def on_a_thread(ctx: TaskExecutionContext) -> None:
        for number in range(50):
            ctx.emit(number)

    @task(inject_context=True)
    async def on_a_loop(ctx: TaskExecutionContext) -> None:
        for number in range(50):
            await ctx.aemit(number)

    with workflow("w") as wf:
        parallel(
            *(on_a_thread(task_id=f"thread {number}") for number in range(4)),
            *(on_a_loop(task_id=f"loop {number}") for number in range(4)),
        )
    values: dict[str, list[int]] = {}
    for event in wf.stream(buffer=5):
        if isinstance(event, Emitted):
            values.setdefault(event.task_id, []).append(event.value)
    assert len(values) == 8
    assert all(found == list(range(50)) for found in values.values())

"""Runs on the event loop of whoever awaits them."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import pytest

from graflow import (
    MemoryChannel,
    RedisChannel,
    TaskExecutionContext,
    Workflow,
    chain,
    parallel,
    read_checkpoint,
    runs,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.exceptions import (
    CycleError,
    ResultTypeError,
    RunSupersededError,
    TaskFailedError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)
from tests.core.watching import Log
from tests.patience import PATIENCE
from tests.servers import Server

pytestmark = pytest.mark.usefixtures("no_threads_left")

T = TypeVar("T")


def awaited(main: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine on a loop that complains of what is left over, and give its result."""

    async def whole() -> T:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        result = await asyncio.wait_for(main(), PATIENCE)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert complaints == []
        return result

    return asyncio.run(whole(), debug=True)


def test_coroutines_and_functions_run_in_order(channel: Channel) -> None:
    """A coroutine on the caller's loop, a function on a thread; each gets what it asks for."""
    where: dict[str, int] = {}

    @task
    async def fetch(page: int) -> int:
        where["fetch"] = threading.get_ident()
        await asyncio.sleep(0)
        return page

    @task(inject_context=True)
    def double(ctx: TaskExecutionContext) -> int:
        where["double"] = threading.get_ident()
        return 2 * int(ctx.get_result("fetch"))

    @task(inject_context=True)
    async def total(ctx: TaskExecutionContext, more: int) -> int:
        return ctx.get_result(double) + more

    with workflow("w", channel=channel) as wf:
        fetch >> double >> total

    async def main() -> Any:
        return await wf.aexecute(initial_channel={"page": 20, "more": 2}, ret_context=True)

    result, context = awaited(main)
    assert result == 42
    assert context.get_result(fetch) == 20
    assert where["fetch"] == threading.get_ident() != where["double"]


def test_any_number_of_coroutines_is_in_progress() -> None:
    """More than there would be threads for; `max_workers` bounds them."""
    inside = most = 0
    everybody = asyncio.Barrier(200)

    @task
    async def meets() -> None:
        await everybody.wait()

    @task
    async def counts() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside -= 1

    with workflow("all") as wf:
        parallel(*(meets(task_id=f"t{number}") for number in range(200)))
    awaited(wf.aexecute)
    with workflow("few") as few:
        parallel(*(counts(task_id=f"t{number}") for number in range(50)))
    awaited(lambda: few.aexecute(max_workers=7))
    assert most == 7


def test_a_run_without_functions_starts_no_thread() -> None:
    """Neither for the loop nor for workers."""
    threads: set[threading.Thread] = set()

    @task
    async def look() -> None:
        threads.update(threading.enumerate())

    with workflow("w", channel=MemoryChannel()) as wf:
        chain(look)
    before = set(threading.enumerate())
    awaited(wf.aexecute)
    assert threads == before


@pytest.mark.parametrize("limit", [None, 2])
def test_functions_wait_for_threads_and_coroutines_do_not(limit: int | None) -> None:
    """A function that finds no free thread lets those behind it pass."""
    release = threading.Event()
    inside: list[str] = []

    @task
    def waits() -> int:
        inside.append("waits")
        assert release.wait(PATIENCE)
        found = inside.count("waits")
        inside.remove("waits")
        return found

    @task
    async def frees() -> None:
        release.set()

    with workflow("w") as wf:
        parallel(*(waits(task_id=f"t{number}") for number in range(5)), frees)

    async def main() -> Any:
        with ThreadPoolExecutor(1) as pool:
            return await wf.aexecute(executor=pool, max_workers=limit)

    found = awaited(main)
    assert {number for number in found.values() if number} == {1}


def test_a_failure_lets_others_end_and_is_raised(channel: Channel) -> None:
    """As with `execute`: what runs keeps its results, and nothing else starts."""
    begun = asyncio.Event()

    @task
    async def slow() -> int:
        begun.set()
        await asyncio.sleep(0.01)
        return 1

    @task
    async def fails() -> None:
        await begun.wait()
        raise ValueError("no")

    with workflow("w", channel=channel) as wf:
        (slow | fails) >> task("never")(lambda: pytest.fail("it ran"))
    with pytest.raises(TaskFailedError, match="'fails': ValueError: no") as caught:
        awaited(wf.aexecute)
    assert list(caught.value.failures) == ["fails"]
    assert channel.get("slow.__result__") == 1
    assert [info.state for info in runs(channel)] == ["failed"]


@pytest.mark.parametrize(
    "error", [StopIteration("enough"), SystemExit(3), asyncio.CancelledError(), GeneratorExit()]
)
@pytest.mark.parametrize("is_async", [True, False])
def test_what_is_a_failure_elsewhere_is_one_here(error: BaseException, is_async: bool) -> None:
    """A future or a coroutine can't carry each of these as it is."""

    def raises() -> None:
        raise error

    async def raises_later() -> None:
        await asyncio.sleep(0)
        raise error

    with workflow("w") as wf:
        chain(task("bad")(raises_later if is_async else raises))
    with pytest.raises(TaskFailedError) as caught:
        awaited(wf.aexecute)
    found = caught.value.failures["bad"]
    assert type(found) is (
        RuntimeError if is_async and type(error) is StopIteration else type(error)
    )


@pytest.mark.parametrize("is_async", [True, False])
def test_an_exception_that_is_no_failure_ends_the_run(is_async: bool) -> None:
    """It is raised unchanged, once the others have ended."""

    class Outcome(BaseException):
        pass

    begun = threading.Event()

    def stops() -> None:
        assert begun.wait(PATIENCE)
        raise Outcome

    async def stops_later() -> None:
        while not begun.is_set():
            await asyncio.sleep(0)
        raise Outcome

    ended: list[str] = []

    @task
    async def idles() -> None:
        begun.set()
        await asyncio.sleep(0.005)
        ended.append("other")

    stop = task("stops")(stops_later if is_async else stops)
    with workflow("w") as wf:
        parallel(idles, stop)
    with pytest.raises(Outcome):
        awaited(wf.aexecute)
    assert ended == ["other"]


def test_a_task_that_cancels_itself_has_failed() -> None:
    """Whether it meets the cancellation or not; and nothing that waits for it starts."""

    @task
    async def cancels() -> None:
        this = asyncio.current_task()
        assert this is not None
        this.cancel()

    with workflow("w") as wf:
        cancels >> task("never")(lambda: pytest.fail("it ran"))
    with pytest.raises(TaskFailedError, match="'cancels': CancelledError"):
        awaited(wf.aexecute)


def test_a_task_is_tried_again_while_others_run() -> None:
    """The pause is awaited; with one worker, another task runs in it."""
    ran: list[str] = []

    @task(max_retries=2, retry_delay=0.001)
    async def flaky() -> int:
        ran.append("flaky")
        if ran.count("flaky") < 3:
            raise ConnectionError
        return 3

    @task
    async def idles() -> None:
        ran.append("other")

    with workflow("w") as wf:
        parallel(flaky, idles)
    assert awaited(lambda: wf.aexecute(max_workers=1))["flaky"] == 3
    assert ran[1] == "other"


def test_a_result_that_can_not_be_stored_is_a_failure(channel: Channel) -> None:
    """Of a coroutine as of a function."""

    @task
    async def bad() -> object:
        return object()

    with workflow("w", channel=channel) as wf:
        chain(bad)
    with pytest.raises(TaskFailedError) as caught:
        awaited(wf.aexecute)
    assert type(caught.value.failures["bad"]) is ResultTypeError


def test_variables_are_copies_of_the_callers() -> None:
    """As with `create_task`; what the function of a coroutine sets, the coroutine sees."""
    variable = ContextVar("variable", default="unset")

    async def later() -> str:
        return variable.get()

    @task
    def prepared() -> Any:
        variable.set("of the function")
        return later()

    @task
    async def sets() -> str:
        found = variable.get()
        variable.set("of a coroutine")
        await asyncio.sleep(0)
        return f"{found}, {variable.get()}"

    with workflow("w") as wf:
        parallel(prepared, sets(task_id="a"), sets(task_id="b"))

    async def main() -> Any:
        variable.set("of the caller")
        found = await wf.aexecute()
        assert variable.get() == "of the caller"
        return found

    found = awaited(main)
    assert found["prepared"] == "of the function"
    assert found["a"] == found["b"] == "of the caller, of a coroutine"


@pytest.mark.parametrize("is_async", [True, False])
def test_an_atomic_task_happens_as_a_whole(channel: Channel, is_async: bool) -> None:
    """Its coroutine runs on the caller's loop as well."""

    def adds(ctx: TaskExecutionContext) -> int:
        ctx.get_channel().atomic_add("n")
        return int(ctx.get_channel().get("n"))

    async def adds_later(ctx: TaskExecutionContext) -> int:
        await asyncio.sleep(0)
        assert threading.current_thread() is threading.main_thread()
        return adds(ctx)

    make = task(inject_context=True, atomic=True)
    with workflow("w", channel=channel) as wf:
        chain(make(adds_later if is_async else adds))
    assert awaited(wf.aexecute) == 1
    assert channel.get("n") == 1


def test_a_task_awaits_another_workflow_but_not_its_own() -> None:
    """On the same loop."""
    with workflow("outer") as outer:

        @task
        async def nests() -> int:
            with workflow("inner") as inner:
                task("seven")(seven)
            return int(await inner.aexecute())

        @task
        async def recurs() -> None:
            with pytest.raises(WorkflowStateError, match="by one of its own tasks"):
                await outer.aexecute()

        nests >> recurs

    async def seven() -> int:
        return 7

    async def main() -> Any:
        return (await outer.aexecute(ret_context=True))[1].get_result(nests)

    assert awaited(main) == 7


def test_runs_on_loops_in_several_threads_do_not_meet(channel: Channel) -> None:
    """One workflow, and each run on the loop of whoever awaits it."""

    @task
    async def where() -> int:
        await asyncio.sleep(0)
        return threading.get_ident()

    with workflow("w", channel=channel) as wf:
        chain(where)

    def main() -> tuple[Any, int]:
        return awaited(wf.aexecute), threading.get_ident()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(main) for _ in range(6)]:
            found, thread = future.result()
            assert found == thread


def test_runs_at_the_same_time_on_one_loop(channel: Channel) -> None:
    """Each has its own results, and all are finished afterwards."""

    @task
    async def first(number: int) -> int:
        await asyncio.sleep(0)
        return number

    @task(inject_context=True)
    async def second(ctx: TaskExecutionContext) -> int:
        return ctx.get_result(first)

    made = []
    for number in range(20):
        with workflow(f"w {number}", channel=channel) as wf:
            first(task_id="first", number=number) >> second
        made.append(wf)

    async def main() -> list[Any]:
        return await asyncio.gather(*(wf.aexecute() for wf in made))

    assert awaited(main) == list(range(20))
    assert {info.state for info in runs(channel)} == {"finished"}


def test_a_run_with_an_id_happens_once(channel: Channel) -> None:
    """As with `execute`, and either finds what the other has done."""
    ran: list[int] = []

    @task
    async def once() -> int:
        ran.append(1)
        return 1

    with workflow("w", channel=channel) as wf:
        chain(once)

    async def main() -> list[Any]:
        return [await wf.aexecute(run_id="order 1"), await wf.aexecute(run_id="order 1")]

    assert awaited(main) == [1, 1]
    assert wf.execute(run_id="order 1") == 1
    assert ran == [1]


def test_a_channel_may_be_made_for_each_run() -> None:
    """By a function, which is not called on the loop."""
    threads: list[threading.Thread] = []

    def make(run_id: str) -> Channel:
        threads.append(threading.current_thread())
        return MemoryChannel(run_id)

    with workflow("w", channel=make) as wf:
        task("one")(lambda: 1)
    assert awaited(wf.aexecute) == 1
    assert threads[0] is not threading.main_thread()


def test_mistakes_are_told_before_anything_runs() -> None:
    """The same errors as of `execute`."""
    with workflow("w") as wf:
        one = task("one")(lambda: 1)
        chain(one)
    with workflow("cyclic") as cyclic:
        one >> task("two")(lambda: 2) >> one
    for error, call in (
        (CycleError, cyclic.aexecute),
        (WorkflowTypeError, lambda: wf.aexecute(max_workers="2")),  # type: ignore[call-overload]
        (WorkflowValueError, lambda: wf.aexecute(max_workers=0)),
        (WorkflowTypeError, lambda: wf.aexecute(run_id=1)),  # type: ignore[call-overload]
        (WorkflowTypeError, lambda: wf.aexecute(executor="threads")),  # type: ignore[call-overload]
        (TypeError, lambda: wf.aexecute(workers=2)),  # type: ignore[call-overload]
        (WorkflowTypeError, lambda: wf.aexecute(observers=[object()])),  # type: ignore[list-item]
    ):
        with pytest.raises(error):
            awaited(call)


def test_a_checkpoint_is_saved_and_resumed(path: Path, channel: Channel) -> None:
    """What had ended does not run again."""
    ran: list[str] = []

    @task
    async def first() -> int:
        ran.append("first")
        return 1

    @task(inject_context=True)
    async def second(ctx: TaskExecutionContext) -> int:
        ran.append("second")
        if ran.count("second") == 1:
            raise ConnectionError
        return ctx.get_result(first) + 1

    with workflow("w", channel=channel) as wf:
        first >> second
    with pytest.raises(TaskFailedError):
        awaited(lambda: wf.aexecute(checkpoint=path))
    assert read_checkpoint(path).finished == ("first",)
    assert awaited(lambda: wf.aresume(path)) == 2
    assert ran == ["first", "second", "second"]
    assert {info.state for info in runs(channel)} == {"finished"}


def test_an_executor_that_is_shut_down_ends_the_run() -> None:
    """With its own error, as with `execute`."""
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with workflow("w") as wf:
        task("one")(lambda: 1) >> task("two")(lambda: 2)
    with pytest.raises(RuntimeError, match="after shutdown"):
        wf.execute(executor=pool)
    with pytest.raises(RuntimeError, match="after shutdown"):
        awaited(lambda: wf.aexecute(executor=pool))


@pytest.mark.parametrize("is_async", [True, False])
def test_a_run_that_is_taken_over_ends(
    is_async: bool, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    """It stores nothing more, and says why."""
    path, copy = tmp_path / "run.json", tmp_path / "copy.json"
    begun: list[int] = []

    def pays() -> int:
        begun.append(1)
        if len(begun) == 1:
            shutil.copy(path, copy)
            assert made().resume(copy) == 1
        return len(begun) - 1

    async def pays_later() -> int:
        return await asyncio.to_thread(pays)

    def made() -> Workflow:
        with workflow("w", channel=channel) as wf:
            task("pays")(pays_later if is_async else pays)
        return wf

    with RedisChannel("taken over", url=servers("valkey-9").url) as channel:
        channel.clear()
        with pytest.raises(RunSupersededError):
            awaited(lambda: made().aexecute(checkpoint=path))
        assert begun == [1, 1]
        assert channel.get("pays.__result__") == 1
        assert runs(channel)[-1].state == "finished"


def test_an_observer_is_told_on_the_loop() -> None:
    """Whether the task is a coroutine or not."""
    threads: set[threading.Thread] = set()

    class Where(Log):
        def _note(self, event: Any, what: str) -> None:
            threads.add(threading.current_thread())
            super()._note(event, what)

    with workflow("w") as wf:
        task("one")(lambda: 1) >> task("two")(_two)
    log = Where()
    awaited(lambda: wf.aexecute(observers=[log]))
    assert log.events == ["one 1 started", "one 1 finished", "two 1 started", "two 1 finished"]
    assert threads == {threading.current_thread()}


async def _two() -> int:
    return 2


@pytest.fixture(autouse=True)
def _complaints_are_errors(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    """Nothing was left that nobody awaited or closed."""
    yield
    assert [str(each.message) for each in recwarn] == []

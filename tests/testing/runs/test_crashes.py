"""Crashes at a chosen moment of a run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import graflow
from graflow import (
    MemoryChannel,
    SQLiteChannel,
    TaskExecutionContext,
    TaskFailedError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
    chain,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from graflow.core.workflow import Workflow
from graflow.testing import Crash, arun_workflow, crash_after, crash_before, run_workflow
from tests.core.watching import Log
from tests.patience import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint goes."""
    return tmp_path / "run.json"


@task(inject_context=True)
def note(ctx: TaskExecutionContext) -> int:
    """Count how often a task has run."""
    return int(ctx.get_channel().atomic_add(f"runs of {ctx.task_id}"))


def three(channel: Any = None) -> Workflow:
    """Return a workflow of three tasks."""
    with workflow("three", channel=channel) as wf:
        chain(note(task_id="a"), note(task_id="b"), note(task_id="c"))
    return wf


def awaited(wf: Workflow, path: Path) -> Any:
    """Run a workflow on a loop."""
    return asyncio.run(wf.arun(checkpoint=path))


WAYS: dict[str, Callable[[Workflow, Path], Any]] = {
    "run": lambda wf, path: wf.run(checkpoint=path),
    "execute and resume": lambda wf, path: (
        wf.resume(path) if path.exists() else wf.execute(checkpoint=path)
    ),
    "arun": awaited,
    "run_workflow": lambda wf, path: run_workflow(wf, checkpoint=path).value,
    "stream": lambda wf, path: (
        wf.resume(path) if path.exists() else list(wf.stream(checkpoint=path))
    ),
}


def in_thread(wf: Workflow, path: Path) -> Any:
    """Run a workflow in a thread, which passes on nothing that is raised."""
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(wf.run(checkpoint=path))
        except Crash as crash:
            found.append(crash)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


WAYS["in a thread"] = in_thread


@pytest.mark.parametrize(
    "way", [*list(WAYS)[:-1], pytest.param("in a thread", marks=pytest.mark.needs_system)]
)
@pytest.mark.parametrize("saved", [True, False])
def test_a_run_goes_on_after_a_crash(way: str, saved: bool, path: Path) -> None:
    """A task that was not saved runs again, and nothing else does."""
    channel = None if way == "run_workflow" else MemoryChannel()
    wf = three(channel)
    with crash_after("b", saved=saved):
        WAYS[way](wf, path)
    assert read_checkpoint(path).finished == (("a", "b") if saved else ("a",))
    log = Log()
    done = run_workflow(wf, checkpoint=path, observers=[log])
    assert done.order == (("c",) if saved else ("b", "c"))


def test_after_each_task_in_turn(path: Path) -> None:
    """A test can go through all of them."""
    for each in "abc":
        with crash_after(each):
            run_workflow(three(), checkpoint=path)
        assert read_checkpoint(path).finished[-1] == each
    assert run_workflow(three(), checkpoint=path).order == ()


def test_before_a_task(path: Path) -> None:
    """What comes before it is saved, and its function is not called."""
    with crash_before("b"):
        run_workflow(three(), checkpoint=path)
    checkpoint = read_checkpoint(path)
    assert (checkpoint.finished, "runs of b" in checkpoint.contents) == (("a",), False)


def test_before_a_later_attempt(path: Path) -> None:
    """The first one has failed."""
    ran: list[int] = []

    @task(max_retries=2, retry_delay=60)
    def flaky() -> None:
        ran.append(1)
        raise ConnectionError

    with workflow("w") as wf:
        chain(flaky)
    with crash_before(flaky, attempt=2):
        run_workflow(wf, retries=True)
    assert ran == [1]


def test_a_task_is_named_by_itself_or_by_its_id() -> None:
    """Either will do."""
    with workflow("w") as wf:
        first = note(task_id="first")
        first >> note
    for each in (first, note, "first", "note"):
        with crash_after(each):
            wf.execute()


def test_the_run_of_a_crash_is_not_noted_as_failed() -> None:
    """The channel believes that it goes on."""
    channel = MemoryChannel()
    with crash_after("a"):
        three(channel).execute(run_id="r")
    (info,) = graflow.runs(channel)
    assert (info.state, info.last_error, info.tasks_done) == ("running", None, 1)


def test_the_file_is_free_after_a_crash(path: Path) -> None:
    """Nobody has the claim on it."""
    with crash_after("a"):
        three().execute(checkpoint=path)
    three().execute(checkpoint=path)


def test_nothing_catches_a_crash() -> None:
    """Not `except Exception`, no retries, and no `may_fail`."""
    seen: list[BaseException] = []

    @task(inject_context=True, max_retries=5)
    def outer(ctx: TaskExecutionContext) -> None:
        try:
            three(ctx.get_channel()).execute()
        except Exception as error:  # noqa: BLE001
            seen.append(error)
        except Crash:
            with pytest.raises(Crash):
                ctx.get_channel().set("alive", True)
            with pytest.raises(Crash):
                three().execute()
            # and returns, as if nothing had happened

    channel = MemoryChannel()
    with workflow("w") as wf:
        outer >> note
    with crash_after("a"):
        run_workflow(wf, channel=channel, retries=True, may_fail=True)
    assert seen == []
    assert sorted(channel.keys()) == ["a.__result__", "runs of a"]


@pytest.mark.parametrize("is_awaited", [False, True])
@pytest.mark.needs_system
def test_other_tasks_are_dead_from_that_moment(is_awaited: bool, tmp_path: Path) -> None:
    """Threads that wait are woken, coroutines are cancelled, and none of them writes any more."""
    ended: list[str] = []

    @task(inject_context=True)
    def waits(ctx: TaskExecutionContext) -> None:
        channel = ctx.get_channel()
        with channel.lock("mine", lease=3600):
            channel.set("waits", True)
            try:
                channel.wait_for("never", timeout=PATIENCE)
            finally:
                ended.append("waits")

    @task(inject_context=True)
    async def sleeps(ctx: TaskExecutionContext) -> None:
        await ctx.get_channel().aio.set("sleeps", True)
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append("sleeps")
            await ctx.get_channel().aio.set("woke", True)

    @task(inject_context=True)
    def queues(ctx: TaskExecutionContext) -> None:
        ctx.get_channel().wait_for("waits", timeout=PATIENCE)
        ctx.get_channel().set("queues", True)
        with ctx.get_channel().lock("mine", timeout=PATIENCE):
            raise AssertionError

    @task(inject_context=True)
    def meets(ctx: TaskExecutionContext) -> None:
        for key in ("waits", "sleeps", "queues"):
            ctx.get_channel().wait_for(key, timeout=PATIENCE)

    with SQLiteChannel("c", tmp_path / "c.db") as channel:
        with workflow("all dead", channel=channel) as wf:
            parallel(waits, sleeps, queues, meets) >> note
        with crash_after(meets):
            if is_awaited:
                asyncio.run(wf.aexecute())
            else:
                wf.execute()
        assert sorted(ended) == ["sleeps", "waits"]
        written = {each for each in channel.keys() if not each.endswith("__")}  # noqa: SIM118
        assert written == {"queues", "sleeps", "waits"}
        assert isinstance(channel.backend.acquire("mine", "another", 1), str)
    assert not [each for each in threading.enumerate() if each.name.startswith("graflow-all dead")]


@pytest.mark.needs_system
def test_two_runs_at_once_die_together(tmp_path: Path) -> None:
    """They are in one process."""
    began = threading.Event()
    channel = MemoryChannel("other")

    @task(inject_context=True)
    def waits(ctx: TaskExecutionContext) -> None:
        began.set()
        ctx.get_channel().wait_for("never", timeout=PATIENCE)

    with workflow("other", channel=channel) as other:
        chain(waits)
    raised: list[BaseException] = []

    def run_other() -> None:
        try:
            other.execute()
        except BaseException as error:  # noqa: BLE001
            raised.append(error)

    thread = threading.Thread(target=run_other)
    with crash_after("a"):
        thread.start()
        assert began.wait(PATIENCE)
        three().execute()
    thread.join()
    assert isinstance(raised[0], Crash)


def test_a_group_of_tasks_that_raise_it_is_caught() -> None:
    """As `asyncio.TaskGroup` raises it."""

    async def service() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(three().aexecute())

    with crash_after("a"):
        asyncio.run(service())


class TestNoCrash:
    """A block in which nothing crashed says so."""

    def test_a_task_that_is_not_there_is_told(self) -> None:
        """And one that may be meant."""
        told = r"'bb'.*: 'a', 'b', 'c'; did you mean 'b'\?"
        with pytest.raises(AssertionError, match=told), crash_after("bb"):
            three().execute()
        with pytest.raises(AssertionError, match="there: none"), crash_before("a"):
            pass

    def test_an_error_before_it_comes_through(self) -> None:
        """It is what the test has to know."""
        with workflow("w") as wf:
            task("fails")(lambda: 1 // 0) >> note
        with pytest.raises(TaskFailedError), crash_after(note):
            wf.execute()

    def test_runs_outside_the_block_are_left_alone(self) -> None:
        """Before, after, and those that began before it."""
        wf = three()
        wf.execute()
        with crash_after("a"):
            wf.execute()
        wf.execute()


def test_one_crash_at_a_time() -> None:
    """A process dies once."""
    with crash_after("a"):
        with pytest.raises(WorkflowStateError, match="dies once"), crash_after("b"):
            raise AssertionError
        three().execute()


@pytest.mark.needs_system
def test_tasks_in_other_processes_can_not_be_killed_so(tmp_path: Path) -> None:
    """That is told, before anything runs."""
    with SQLiteChannel("c", tmp_path / "c.db") as channel:
        with pytest.raises(WorkflowTypeError, match="in this process"), crash_after("a"):
            three(channel).execute(executor=ProcessPoolExecutor)
        assert graflow.runs(channel) == []


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: crash_after(3), WorkflowTypeError),  # type: ignore[arg-type]
        (lambda: crash_after(""), WorkflowValueError),
        (lambda: crash_before("a", attempt=0), WorkflowValueError),
        (lambda: crash_before("a", attempt=True), WorkflowTypeError),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], Any], error: type[Exception]) -> None:
    """Before the block."""
    with pytest.raises(error), make():
        raise AssertionError


def test_on_a_loop() -> None:
    """In an asynchronous test."""

    async def test() -> None:
        with crash_before("c"):
            await arun_workflow(three())
        assert (await arun_workflow(three())).order == ("a", "b", "c")

    asyncio.run(test())

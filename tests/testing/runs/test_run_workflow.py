"""Runs of workflows in users' tests."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

import graflow
from graflow import (
    Channel,
    MemoryChannel,
    ResultTypeError,
    SQLiteChannel,
    TaskExecutionContext,
    TaskFailedError,
    TaskNotFoundError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
    chain,
    parallel,
    task,
    workflow,
)
from graflow.core.workflow import Workflow
from graflow.exceptions import ResultNotFoundError
from graflow.testing import Clock, WorkflowRun, arun_workflow, run_workflow
from tests.patience import PATIENCE


@dataclass
class Basket:
    """A result with a type."""

    prices: list[int]


@task
def shelf(shop: str) -> Basket:
    """Ask a shop that no test may reach."""
    raise AssertionError(f"{shop} was asked")


@task(inject_context=True, max_retries=3, retry_delay=10)
def total(ctx: TaskExecutionContext, rebate: int = 0) -> int:
    """Add up."""
    ctx.emit("adding")
    return sum(ctx.get_result(shelf).prices) - rebate


@task(inject_context=True)
async def mail(ctx: TaskExecutionContext) -> str:
    """Tell on a loop."""
    await ctx.get_channel().aio.append("mails", "sent")
    return f"{ctx.get_result(total)} to pay"


def shop(channel: Any = None) -> Workflow:
    """Return the workflow."""
    with workflow("shop", channel=channel) as wf:
        shelf >> total >> mail
    return wf


@pytest.fixture(params=["run_workflow", pytest.param("arun_workflow", id="arun_workflow")])
def run(request: pytest.FixtureRequest) -> Callable[..., WorkflowRun]:
    """Both ways to run a workflow, for a thread that has no event loop."""
    if request.param == "run_workflow":
        return run_workflow

    def awaited(wf: Workflow, **options: Any) -> WorkflowRun:
        return asyncio.run(arun_workflow(wf, **options))

    return awaited


def test_a_run_tells_what_happened(run: Callable[..., WorkflowRun]) -> None:
    """Results, their order, attempts, what was emitted, and what is in the channel."""
    done = run(shop(), results={shelf: Basket([1, 2])})
    assert done.value == "3 to pay"
    assert done.results == {"shelf": Basket([1, 2]), "total": 3, "mail": "3 to pay"}
    assert (done.result(shelf), done.result(total), done.result("mail")) == (
        Basket([1, 2]),
        3,
        "3 to pay",
    )
    assert done.order == ("total", "mail")
    assert done.attempts == {"total": 1, "mail": 1}
    assert done.emitted == {"total": ("adding",)}
    assert done.channel.get("mails") == ["sent"]
    assert (done.error, done.failures, done.errors) == (None, {}, {})
    assert done.history.state == "finished"
    assert done.history.tasks["total"].attempts == 1


def test_a_failure_raises(run: Callable[..., WorkflowRun]) -> None:
    """As `execute` does, so that no test passes over it."""
    with pytest.raises(TaskFailedError, match="'shelf': KeyError: 'no'"):
        run(
            shop(),
            stubs={shelf: Mock(side_effect=KeyError("no"), return_value=0)},
            initial_channel={"shop": "s"},
        )


def test_a_run_that_may_fail_is_returned(run: Callable[..., WorkflowRun]) -> None:
    """With what was raised; whoever asks for what is missing gets the failure."""
    done = run(shop(), results={shelf: Basket([1])}, stubs={total: lambda: 1 // 0}, may_fail=True)
    assert isinstance(done.failures["total"], ZeroDivisionError)
    assert done.errors == {"total": (done.failures["total"],)}
    assert (done.order, done.results) == ((), {"shelf": Basket([1])})
    assert (
        done.history.tasks["total"].error == "ZeroDivisionError: integer division or modulo by zero"
    )
    for ask in (lambda: done.value, lambda: done.result(mail), lambda: done.result("total")):
        with pytest.raises(TaskFailedError, match="total"):
            ask()


def test_a_result_of_no_task_is_none_of_a_failure(run: Callable[..., WorkflowRun]) -> None:
    """A misspelled id is told."""
    done = run(shop(), results={shelf: Basket([1])})
    with pytest.raises(ResultNotFoundError, match="totl"):
        done.result("totl")


def test_nothing_is_retried_unless_the_test_says_so(run: Callable[..., WorkflowRun]) -> None:
    """The first failure is final."""
    stub = Mock(side_effect=[ConnectionError(1), 5])
    done = run(shop(), results={"shelf": Basket([])}, stubs={total: stub}, may_fail=True)
    assert (done.attempts["total"], stub.call_count) == (1, 1)


def test_retries_take_no_time_but_on_the_clock(run: Callable[..., WorkflowRun]) -> None:
    """Pauses move it on by as much as the task says, and by no chance."""
    clock = Clock()
    begun = clock.now()
    stub = Mock(side_effect=[ConnectionError(1), ConnectionError(2), 5])
    options: dict[str, Any] = {"results": {"shelf": Basket([])}, "stubs": {total: stub}}
    done = run(shop(), **options, retries=True, clock=clock)
    assert done.value == "5 to pay"
    assert done.attempts["total"] == 3
    assert [str(error) for error in done.errors["total"]] == ["1", "2"]
    assert (clock.now() - begun).total_seconds() == 10 + 20
    assert done.history.tasks["total"].seconds == 30


def test_retries_take_no_time_on_the_clock_of_the_system(run: Callable[..., WorkflowRun]) -> None:
    """Which goes on meanwhile: what a task waits for expires."""

    @task(inject_context=True, max_retries=1, retry_delay=30)
    def polls(ctx: TaskExecutionContext) -> bool:
        if ctx.get_channel().exists("failed before"):
            while ctx.get_channel().exists("slot"):
                time.sleep(0.001)
            return True
        ctx.get_channel().set("failed before", True)
        ctx.get_channel().set("slot", True, ttl=30.05)
        raise ConnectionError

    with workflow("w") as wf:
        chain(polls)
    assert run(wf, retries=True).value is True


def test_other_tasks_run_during_a_pause(run: Callable[..., WorkflowRun]) -> None:
    """The clock moves on when there is nothing else to do."""
    with workflow("w") as wf:
        parallel(total(task_id="a"), total(task_id="b"), total(task_id="c"))
    stub = Mock(side_effect=[ConnectionError(), 1])
    done = run(wf, stubs={"a": stub, "b": lambda: 2, "c": lambda: 3}, retries=True, clock=Clock())
    assert done.order == ("b", "c", "a")


def test_tasks_run_one_at_a_time_in_their_order(run: Callable[..., WorkflowRun]) -> None:
    """That in which they became ready, and before that the one of their definition."""
    running: list[int] = []

    @task
    def first(number: int) -> None:
        running.append(number)
        assert len(running) == 1
        running.remove(number)

    @task
    async def second(number: int) -> None:
        first.run(number)
        await asyncio.sleep(0)

    with workflow("w") as wf:
        parallel(*(first(task_id=f"a{n}", number=n) for n in range(9))) >> parallel(
            *((first, second)[n % 2](task_id=f"b{n}", number=n) for n in range(9))
        )
    done = run(wf)
    assert done.order == tuple(f"{kind}{n}" for kind in "ab" for n in range(9))


@pytest.mark.needs_system
def test_tasks_that_need_each_other_run_at_the_same_time(run: Callable[..., WorkflowRun]) -> None:
    """If the test says so."""
    barrier = threading.Barrier(2)

    @task
    def meet() -> int:
        return barrier.wait(PATIENCE)

    with workflow("w") as wf:
        meet(task_id="a") | meet(task_id="b")
    assert sorted(run(wf, max_workers=2).results.values()) == [0, 1]


class TestStubs:
    """What stands for tasks."""

    def test_a_stub_gets_what_the_task_would(self, run: Callable[..., WorkflowRun]) -> None:
        """The context and arguments, bound or from the channel."""
        stub = Mock(return_value=7)
        with workflow("w") as wf:
            total(task_id="bound", rebate=1) >> total
        run(wf, stubs={"bound": stub, total: stub}, initial_channel={"rebate": 2})
        (first, second) = stub.call_args_list
        assert (first.args[0].task_id, first.args[1:], first.kwargs) == ("bound", (1,), {})
        assert (second.args[0].task_id, second.args[1:], second.kwargs) == ("total", (2,), {})

    def test_a_stub_without_parameters_needs_no_arguments(
        self, run: Callable[..., WorkflowRun]
    ) -> None:
        """Nor a value for them in the channel."""
        assert run(shop(), stubs={shelf: lambda: Basket([4])}).value == "4 to pay"

    def test_a_stub_returns_what_the_task_would(self, run: Callable[..., WorkflowRun]) -> None:
        """Its type is checked."""
        done = run(shop(), stubs={shelf: lambda: [4]}, may_fail=True)
        assert isinstance(done.failures["shelf"], ResultTypeError)
        done = run(shop(), results={shelf: [4]}, may_fail=True)
        assert isinstance(done.failures["shelf"], ResultTypeError)

    @pytest.mark.parametrize("stub", [AsyncMock(return_value="x"), Mock(return_value="x")])
    @pytest.mark.parametrize("of", [mail, shelf])
    def test_stubs_and_tasks_may_differ_in_being_awaited(
        self, run: Callable[..., WorkflowRun], stub: Mock, of: Any
    ) -> None:
        """A mock stands for any of them."""
        with workflow("w") as wf:
            chain(of)
        done = run(wf, stubs={of: stub}, initial_channel={"shop": "s"}, may_fail=True)
        if of is mail:
            assert done.value == "x"
        else:
            assert isinstance(done.failures["shelf"], ResultTypeError)

    def test_a_stub_of_an_atomic_task_is_atomic(self, run: Callable[..., WorkflowRun]) -> None:
        """What it writes is gone if it fails."""

        @task(inject_context=True, atomic=True)
        async def pay(ctx: TaskExecutionContext) -> int:
            raise AssertionError

        def stub(ctx: TaskExecutionContext) -> int:
            ctx.get_channel().set("spent", True)
            raise ConnectionError

        with workflow("w") as wf:
            chain(pay)
        assert not run(wf, stubs={pay: stub}, may_fail=True).channel.exists("spent")
        assert run(wf, stubs={pay: lambda: 3}).value == 3
        assert run(wf, stubs={pay: AsyncMock(return_value=4)}).value == 4

    def test_a_task_that_is_not_there_is_told(self, run: Callable[..., WorkflowRun]) -> None:
        """Nothing runs."""
        with pytest.raises(TaskNotFoundError, match="lod"):
            run(shop(), results={"lod": 1})
        with pytest.raises(TaskNotFoundError, match="other"):
            run(shop(), stubs={task("other")(lambda: 1): lambda: 2})

    def test_a_stub_must_be_a_function(self, run: Callable[..., WorkflowRun]) -> None:
        """And a task has one."""
        stub: Any = 3
        with pytest.raises(WorkflowTypeError, match="results="):
            run(shop(), stubs={shelf: stub})
        with pytest.raises(WorkflowValueError, match="two stubs"):
            run(shop(), stubs={shelf: lambda: 1}, results={"shelf": 1})

    @pytest.mark.parametrize("what", ["results", "stubs", "clock"])
    def test_what_is_something_else_is_refused(
        self, run: Callable[..., WorkflowRun], what: str
    ) -> None:
        """With an error that names the argument."""
        with pytest.raises(WorkflowTypeError, match=f"{what} must be"):
            run(shop(), **{what: [3]})

    def test_the_workflow_stays_as_it_was(self, run: Callable[..., WorkflowRun]) -> None:
        """Its own tasks run the next time."""
        wf = shop()
        run(wf, results={shelf: Basket([1])})
        with pytest.raises(TaskFailedError, match="s was asked"):
            wf.execute(initial_channel={"shop": "s"})


def test_a_run_may_start_in_the_middle(run: Callable[..., WorkflowRun]) -> None:
    """With results of tasks before, whatever types they have."""
    done = run(shop(), start_node=total, results={shelf: Basket([5, 6])})
    assert (done.value, done.order) == ("11 to pay", ("total", "mail"))
    with pytest.raises(ResultTypeError):
        run(shop(), start_node=total, results={shelf: "no basket"})


def refused(run_id: str) -> Channel:
    """Make a channel that no test may have."""
    raise AssertionError(run_id)


class TestChannels:
    """A test touches nothing that is real."""

    @pytest.mark.needs_system
    def test_a_run_is_in_memory(self, run: Callable[..., WorkflowRun], tmp_path: Path) -> None:
        """Whatever channel the workflow has, and each run has its own."""
        with SQLiteChannel("real", tmp_path / "real.db") as real:
            for source in (real, SQLiteChannel.per_run("p", tmp_path / "p.db"), refused, None):
                wf = shop(source)
                for _ in range(2):
                    done = run(wf, results={shelf: Basket([1])})
                    assert type(done.channel) is MemoryChannel
                    assert done.channel.get("mails") == ["sent"]
            assert (real.keys(), graflow.runs(real)) == ([], [])
        assert not (tmp_path / "p.db").exists()

    def test_a_channel_in_memory_is_left_alone(self, run: Callable[..., WorkflowRun]) -> None:
        """A module may have one for all its workflows."""
        real = MemoryChannel("real")
        run(shop(real), results={shelf: Basket([1])})
        assert (real.keys(), graflow.runs(real)) == ([], [])

    @pytest.mark.needs_system
    def test_a_test_may_choose_the_channel(
        self, run: Callable[..., WorkflowRun], tmp_path: Path
    ) -> None:
        """To see that it works in a file, too."""
        with SQLiteChannel("mine", tmp_path / "mine.db") as mine:
            done = run(shop(), results={shelf: Basket([1])}, channel=mine, run_id="r")
            assert mine.get("mails") == done.channel.get("mails") == ["sent"]
            assert [each.run_id for each in graflow.runs(mine)] == ["r"]

    @pytest.mark.needs_system
    def test_workflows_of_tasks_are_in_memory_too(
        self, run: Callable[..., WorkflowRun], tmp_path: Path
    ) -> None:
        """Those on shared channels share memory by name; one on the run's channel keeps it."""

        @task(inject_context=True)
        def outer(ctx: TaskExecutionContext) -> list[str]:
            with workflow("x", channel=SQLiteChannel("other", tmp_path / "other.db")) as other:
                chain(note)
            other.execute()
            _, inner = other.execute(ret_context=True)
            with workflow("y", channel=ctx.get_channel()) as same:
                chain(note)
            same.execute()
            return [type(inner.get_channel()).__name__, *inner.get_channel().get("notes")]

        @task(inject_context=True)
        def note(ctx: TaskExecutionContext) -> None:
            ctx.get_channel().append("notes", ctx.workflow_name)

        with workflow("w") as wf:
            chain(outer)
        done = run(wf)
        assert done.value == ["MemoryChannel", "x", "x"]
        assert done.channel.get("notes") == ["y"]
        assert not (tmp_path / "other.db").exists()


def test_a_run_goes_on_from_its_checkpoint(run: Callable[..., WorkflowRun], tmp_path: Path) -> None:
    """In memory, too."""
    path, wf = tmp_path / "run.json", shop(MemoryChannel("m"))
    stubs = {total: Mock(side_effect=[ConnectionError, 3])}
    options: dict[str, Any] = {"results": {shelf: Basket([1])}, "stubs": stubs, "checkpoint": path}
    assert run(wf, **options, may_fail=True).failures
    done = run(wf, **options)
    assert (done.order, done.value) == (("total", "mail"), "3 to pay")
    assert done.result(shelf) == Basket([1])


def test_a_workflow_that_runs_itself_is_still_told(run: Callable[..., WorkflowRun]) -> None:
    """It would wait for ever."""

    @task
    def again() -> Any:
        return wf.execute()

    with workflow("w") as wf:
        chain(again)
    done = run(wf, may_fail=True)
    assert isinstance(done.failures["again"], WorkflowStateError)


@pytest.mark.needs_system
def test_two_tests_in_threads_do_not_disturb_each_other(run: Callable[..., WorkflowRun]) -> None:
    """Each has its stubs, and pauses of none take time."""
    values: dict[int, Any] = {}

    def test(number: int) -> None:
        flaky = Mock(side_effect=[ConnectionError(), number])
        options: dict[str, Any] = {"results": {shelf: Basket([])}, "stubs": {total: flaky}}
        values[number] = run(shop(), **options, retries=True).value

    threads = [threading.Thread(target=test, args=(n,)) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert values == {n: f"{n} to pay" for n in range(8)}

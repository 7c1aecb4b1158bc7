"""Workflows: what joins them, in which order it runs, and what it returns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypedDict

import pytest

from graflow import chain, parallel, task, workflow
from graflow.channels.base import Channel
from graflow.channels.factory import ChannelFactory
from graflow.channels.memory_channel import MemoryChannel
from graflow.core.context import TaskExecutionContext
from graflow.core.workflow import Workflow
from graflow.exceptions import (
    ChannelValidationError,
    CycleError,
    DuplicateTaskError,
    MissingParameterError,
    ResultNotFoundError,
    ResultTypeError,
    TaskFailedError,
    TaskNotFoundError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)
from tests.patience import PATIENCE


@task(inject_context=True)
def note(ctx: TaskExecutionContext, word: str = "") -> str:
    """Append the id of the task, so that a test sees the order."""
    ctx.get_channel().append("order", ctx.task_id)
    return word


def order(wf: Workflow, **options: Any) -> list[str]:
    """Run a workflow of notes and return the order in which they ran."""
    _, ctx = wf.execute(ret_context=True, **options)
    found: list[str] = ctx.get_channel().get("order")
    return found


def test_tasks_run_in_their_order(open_channel: Callable[[str], Channel]) -> None:
    """A chain and a diamond, on every backend."""
    with workflow("w", channel=open_channel("run")) as wf:
        a, b, c, d = (note(task_id=name) for name in "abcd")
        a >> (b | c) >> d
        found = order(wf)
    assert found[0] == "a"
    assert sorted(found[1:3]) == ["b", "c"]
    assert found[3:] == ["d"]


def test_one_worker_keeps_the_order_of_definition() -> None:
    """Tasks that could start at the same time start as they were written."""
    with workflow("w") as wf:
        parallel(*(note(task_id=f"n{number:02}") for number in range(20)))
        assert order(wf, max_workers=1) == [f"n{number:02}" for number in range(20)]


def test_parallel_tasks_overlap_in_time() -> None:
    """Three tasks meet at a barrier, which none could pass alone."""
    barrier = threading.Barrier(3, timeout=PATIENCE)
    with workflow("w") as wf:

        @task
        def meet(number: int) -> int:
            barrier.wait()
            return number

        parallel(*(meet(task_id=f"m{number}", number=number) for number in range(3)))
        assert wf.execute() == {"m0": 0, "m1": 1, "m2": 2}


def test_a_thousand_tasks_in_a_chain_and_side_by_side() -> None:
    """Neither the depth nor the width of a graph is a limit."""
    for join in (chain, parallel):
        with workflow("w") as wf:
            join(*(note(task_id=f"n{number}") for number in range(1_000)))
            assert len(order(wf)) == 1_000


def test_what_joins_a_workflow() -> None:
    """A decorated task, a called one and one from outside; not one that is only a template."""
    with workflow("w") as wf:

        @task
        def alone() -> int:
            return 1

        @task
        def template(number: int) -> int:
            return number

        template(number=2)
        chain(note)
        assert wf.execute() == {"alone": 1, "template": 2, "note": ""}


def test_a_single_end_gives_its_result_and_several_give_a_dict() -> None:
    """`ret_context` adds the context, with the results of all tasks."""

    @task
    def one() -> int:
        return 1

    @task
    def two() -> int:
        return 2

    with workflow("chain") as wf:
        one >> two
    assert wf.execute() == 2
    result, ctx = wf.execute(ret_context=True)
    assert (result, ctx.get_result("one"), ctx.get_result(one)) == (2, 1, 1)
    with workflow("group") as wf:
        one | two
    assert wf.execute() == {"one": 1, "two": 2}


def test_a_run_can_start_in_the_middle() -> None:
    """Then what comes before does not run."""
    with workflow("w") as wf:
        a, b, c = (note(task_id=name) for name in "abc")
        chain(a, b, c)
    assert order(wf, start_node="b") == ["b", "c"]
    assert order(wf, start_node=c) == ["c"]
    with pytest.raises(TaskNotFoundError, match="'a', 'b', 'c'"):
        wf.execute("d")


def test_parameters_come_from_what_is_bound_then_the_channel_then_the_default() -> None:
    """A value from the channel is checked against the annotation."""

    @task
    def add(a: int, b: int, c: int = 3) -> int:
        return a + b + c

    with workflow("w") as wf:
        add(task_id="sum", a=1)
    assert wf.execute(initial_channel={"a": 100, "b": 20}) == 24
    assert wf.execute(initial_channel={"b": 20, "c": 300}) == 321
    with pytest.raises(TaskFailedError, match="'b'") as caught:
        wf.execute()
    assert isinstance(caught.value.__cause__, MissingParameterError)
    with pytest.raises(TaskFailedError) as caught:
        wf.execute(initial_channel={"b": "20"})
    assert isinstance(caught.value.__cause__, ChannelValidationError)


def test_async_tasks_run_to_their_end() -> None:
    """Their result is what they return."""

    @task
    async def later() -> int:
        await asyncio.sleep(0)
        return 5

    with workflow("w") as wf:
        chain(later)
    assert wf.execute() == 5


def test_tasks_see_the_variables_of_their_caller() -> None:
    """A `ContextVar` that was set before the run."""
    variable = ContextVar("variable", default=0)
    variable.set(7)

    @task
    def read() -> int:
        return variable.get()

    with workflow("w") as wf:
        chain(read)
    assert wf.execute() == 7


class Point(TypedDict):
    """A schema."""

    x: int


def test_results_are_checked_against_the_annotation() -> None:
    """One that does not fit fails its task with advice."""

    @task
    def good() -> Point:
        return {"x": 1}

    @task
    def bad() -> Point:
        return {"x": "1"}  # type: ignore[typeddict-item]

    @task
    def unstorable():  # type: ignore[no-untyped-def]
        return object()

    with workflow("good") as wf:
        chain(good)
    result, ctx = wf.execute(ret_context=True)
    assert result == ctx.get_result(good) == {"x": 1}
    assert ctx.get_channel().get("good.__result__") == {"x": 1}
    for failing in (bad, unstorable):
        with workflow("failing") as wf:
            chain(failing)
        with pytest.raises(TaskFailedError, match="can't be stored") as caught:
            wf.execute()
        assert isinstance(caught.value.__cause__, ResultTypeError)


def test_a_missing_result_names_those_that_there_are() -> None:
    """Unless there is a default."""
    with workflow("w") as wf:
        chain(note)
    _, ctx = wf.execute(ret_context=True)
    with pytest.raises(ResultNotFoundError, match="'note'") as caught:
        ctx.get_result("nobody")
    assert isinstance(caught.value, KeyError)
    assert ctx.get_result("nobody", default=None) is None


def test_a_failure_lets_running_tasks_finish_and_starts_nothing_new() -> None:
    """The error names the task and has its cause; threads end."""
    started = threading.Event()
    failed = threading.Event()
    channel = MemoryChannel()

    @task
    def slow() -> int:
        started.set()
        assert failed.wait(PATIENCE)
        return 1

    @task
    def fails() -> None:
        assert started.wait(PATIENCE)
        failed.set()
        raise ZeroDivisionError("by design")

    @task
    def never() -> int:
        return 1

    before = set(threading.enumerate())
    with workflow("w", channel=channel) as wf:
        (slow | fails) >> never
    with pytest.raises(TaskFailedError, match=r"'fails'.*by design") as caught:
        wf.execute()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert channel.keys() == ["slow.__result__"]
    assert set(threading.enumerate()) <= before  # those of other tests may end meanwhile


def test_several_failures_are_all_in_the_error() -> None:
    """By the ids of their tasks."""
    barrier = threading.Barrier(2, timeout=PATIENCE)

    @task
    def fail(number: int) -> None:
        barrier.wait()
        raise ValueError(number)

    with workflow("w") as wf:
        fail(task_id="a", number=1) | fail(task_id="b", number=2)
    with pytest.raises(TaskFailedError) as caught:
        wf.execute()
    assert sorted(caught.value.failures) == ["a", "b"]
    assert isinstance(caught.value.__cause__, ExceptionGroup)


def test_a_cycle_is_reported_before_anything_runs() -> None:
    """With the tasks in it."""
    with workflow("w") as wf:
        a, b = note(task_id="a"), note(task_id="b")
        a >> b
        b >> a
    with pytest.raises(CycleError, match=r"a >> b >> a|b >> a >> b"):
        wf.execute()


def test_two_tasks_with_one_id_are_refused() -> None:
    """When the second one joins."""
    with workflow("w"):
        note(task_id="a")
        with pytest.raises(DuplicateTaskError, match="'a'"):
            note(task_id="a")


def test_the_channel_of_a_run() -> None:
    """One that is given, one for each run, and the factory's default."""
    channel = MemoryChannel("mine")
    with workflow("given", channel=channel) as wf:
        chain(note)
    wf.execute()
    assert channel.exists("note.__result__")

    seen: list[str] = []

    def make(run_id: str) -> MemoryChannel:
        seen.append(run_id)
        return MemoryChannel(run_id)

    with workflow("for each", channel=make) as wf:
        chain(note)
    _, ctx = wf.execute(ret_context=True)
    wf.execute()
    assert ctx.run_id == ctx.get_channel().name == seen[0]
    assert len(set(seen)) == 2

    with workflow("own") as wf:
        chain(note)
    assert order(wf) == order(wf) == ["note"]
    default = ChannelFactory.create_channel()
    with workflow("default") as wf:
        chain(note)
    _, ctx = wf.execute(ret_context=True)
    assert ctx.get_channel() is default


def test_bad_input_is_refused_with_advice() -> None:
    """Every argument that can't be taken."""
    bad: Any = 3
    with pytest.raises(WorkflowTypeError):
        workflow(bad)
    with pytest.raises(WorkflowValueError):
        workflow("")
    with pytest.raises(WorkflowTypeError, match="channel"):
        workflow("w", channel=bad)
    url: Any = "sqlite:///notes.db"
    with pytest.raises(WorkflowTypeError, match=r"not str; `ChannelFactory\.from_url` opens"):
        workflow("w", channel=url)
    with pytest.raises(WorkflowTypeError):
        note >> bad
    with pytest.raises(WorkflowTypeError):
        bad | note
    with pytest.raises(WorkflowValueError):
        parallel()
    with pytest.raises(WorkflowStateError, match="outside a workflow"):
        note(word="x")
    with pytest.raises(WorkflowTypeError):
        task(bad)
    with workflow("w") as wf:
        with pytest.raises(WorkflowStateError, match="no tasks"):
            wf.execute()
        with pytest.raises(WorkflowTypeError, match="colour"):
            note(colour="red")  # type: ignore[call-arg]
        chain(note)
        for workers in (0, -1):
            with pytest.raises(WorkflowValueError):
                wf.execute(max_workers=workers)
        with pytest.raises(WorkflowTypeError):
            wf.execute(max_workers=bad == 3)
        with pytest.raises(WorkflowTypeError, match="channel="):
            wf.execute(initial_channel=bad)


def test_a_task_can_be_run_directly() -> None:
    """As a function, with a context where it takes one."""
    assert note.run(TaskExecutionContext("note"), "word") == "word"

    @task("other")
    def double(number: int) -> int:
        return 2 * number

    assert double.run(4) == 8
    assert double.task_id == "other"

"""The ids of tasks: those given, and those that calls without one get."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from graflow import (
    Channel,
    DuplicateTaskError,
    SQLiteChannel,
    Task,
    TaskExecutionContext,
    TaskNotFoundError,
    Workflow,
    WorkflowStateError,
    chain,
    parallel,
    task,
    workflow,
)
from graflow.core.task.later_id import LaterId


@task
def gather(rows: int = 1) -> int:
    """Return the rows."""
    return rows


@task("loading")
def renamed(rows: int) -> int:
    """Return the rows."""
    return rows


@task(inject_context=True)
def show(ctx: TaskExecutionContext) -> int:
    """Ask by id and by task."""
    found: int = ctx.get_result("gather")
    assert ctx.get_result(gather) == found
    return found


def test_one_call_of_a_task_has_the_id_of_the_task() -> None:
    """So its result is found by the name of the function, by the task, and by its key."""
    with workflow("w") as wf:
        gather(rows=4) >> show
    result, ctx = wf.execute(ret_context=True)
    assert result == ctx.get_result("gather") == ctx.get_result(gather) == 4
    assert ctx.get_channel().get(gather.result.name) == 4


def test_further_calls_are_numbered_from_two() -> None:
    """In the order of the calls, also in a loop; each workflow counts anew."""

    def ids() -> list[str]:
        with workflow("w"):
            tasks = [gather(rows=number) for number in range(3)]
        return [each.task_id for each in tasks]

    assert ids() == ids() == ["gather", "gather_2", "gather_3"]


def test_the_stem_is_the_id_of_the_decorator() -> None:
    """It is not the name of the function, and not the number of an instance."""
    with workflow("w") as wf:
        first = renamed(rows=1)
        second = first(rows=2)
    assert (first.task_id, second.task_id) == ("loading", "loading_2")
    with wf:
        assert second(rows=3).task_id == "loading_3"


ORDERS: list[Callable[[], object]] = [
    lambda: gather | gather(rows=2),
    lambda: gather(rows=2) | gather,
    lambda: parallel(gather(rows=2), gather),
    lambda: (gather(rows=2), chain(gather)),
]


@pytest.mark.parametrize("order", ORDERS)
def test_the_task_itself_keeps_its_id_beside_calls_of_it(order: Callable[[], object]) -> None:
    """Wherever it joins: Python makes the call before it puts the two in order."""
    with workflow("w") as wf:
        order()
    assert wf.execute() == {"gather": 1, "gather_2": 2}


def test_ids_that_are_given_go_first() -> None:
    """Before, between and after those that are not."""
    with workflow("w") as wf:
        gather(rows=10)
        gather(task_id="gather_3", rows=3)
        gather(rows=20)
        gather(rows=30)
        gather(task_id="gather_2", rows=2)
    assert wf.execute() == {
        "gather": 10,
        "gather_3": 3,
        "gather_4": 20,
        "gather_5": 30,
        "gather_2": 2,
    }
    with workflow("w") as wf:
        gather(rows=1)
        gather(task_id="gather", rows=2)
    assert wf.execute() == {"gather_2": 1, "gather": 2}


def test_an_id_that_was_read_does_not_change() -> None:
    """A task that would need it after that is refused; the message says why."""
    with workflow("w") as wf:
        called = gather(rows=4)
        assert called.task_id == "gather"
        with pytest.raises(DuplicateTaskError, match=r"gather\(\.\.\.\) without a task_id got it"):
            chain(gather)
        chain(called, show)
    with pytest.raises(DuplicateTaskError, match="'gather'"):
        wf.add(gather)
    assert wf.execute() == 4


@pytest.mark.parametrize("read", [lambda each: each.result, copy.copy, pickle.dumps])
def test_other_ways_to_read_an_id(read: Callable[[Task[..., Any]], object]) -> None:
    """The key of the result contains it, and so do a copy and a pickle."""
    with workflow("w"):
        read(gather(rows=4))
        with pytest.raises(DuplicateTaskError):
            chain(gather)


def test_looking_at_a_task_does_not_settle_its_id() -> None:
    """A debugger shows what is there."""
    with workflow("w") as wf:
        called = gather(rows=4)
        assert "without an id yet" in repr(called)
        chain(gather)
    assert repr(called) == "<task 'gather_2'>"
    assert wf.execute() == {"gather": 1, "gather_2": 4}


@pytest.mark.needs_system
def test_threads_may_ask_for_ids_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them settles them all, and the others wait for it."""
    become = LaterId.become
    found: list[str] = []
    others: list[Thread] = []

    def disturbed(later: LaterId, text: str) -> None:
        if not others:
            others.append(Thread(target=lambda: found.append(called[-1].task_id)))
            others[0].start()
            others[0].join(0.2)  # it waits until all ids are there
        become(later, text)

    monkeypatch.setattr(LaterId, "become", disturbed)
    with workflow("w") as wf:
        called = [gather(rows=number) for number in range(3)]
    others[0].join()
    assert found == ["gather_3"]
    assert wf.execute() == {"gather": 0, "gather_2": 1, "gather_3": 2}


def test_an_interrupt_while_ids_are_settled_loses_no_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those that have none yet get them when the next one asks."""
    become = LaterId.become
    interrupts = [KeyboardInterrupt()]

    def interrupted(later: LaterId, text: str) -> None:
        if text == "gather_2" and interrupts:
            raise interrupts.pop()
        become(later, text)

    monkeypatch.setattr(LaterId, "become", interrupted)
    with pytest.raises(KeyboardInterrupt), workflow("w") as wf:
        called = [gather(rows=number) for number in range(3)]
    found = wf.execute()
    assert [found[each.task_id] for each in called] == [0, 1, 2]


def test_a_block_that_a_generator_holds_open_closes_no_other() -> None:
    """It began first, and ends first."""

    def held() -> Iterator[Workflow]:
        with workflow("held") as wf:
            gather(rows=1)
            yield wf

    holding = held()
    first = next(holding)
    with workflow("w") as wf:
        gather(rows=2)
        assert next(holding, None) is None
        gather(rows=3)
    with pytest.raises(WorkflowStateError, match="outside a workflow"):
        gather(rows=4)
    assert first.execute() == 1
    assert wf.execute() == {"gather": 2, "gather_2": 3}


def test_a_workflow_executed_in_its_block_has_ids() -> None:
    """Those that join afterwards get others."""
    with workflow("w") as wf:
        gather(rows=1)
        assert wf.execute() == 1
        gather(rows=2)
        assert wf.execute() == {"gather": 1, "gather_2": 2}


def test_a_called_task_has_its_id_in_every_workflow() -> None:
    """The first that it joined gives it."""
    with workflow("one") as one:
        gather(rows=0)
        called = gather(rows=4)
    with workflow("two") as two:
        chain(called)
    assert one.execute() == {"gather": 0, "gather_2": 4}
    _, ctx = two.execute(ret_context=True)
    assert ctx.get_result("gather_2") == 4


def test_a_run_starts_at_the_call_that_has_the_id_of_the_task() -> None:
    """`gather` names it, as it does for `get_result`; not a task of another function."""
    with workflow("w") as wf:
        gather(rows=4) >> show
    values = {"gather.__result__": 7}
    assert wf.execute(start_node=gather, initial_channel=values) == 4

    @task("gather")
    def other() -> int:
        return 0

    with pytest.raises(TaskNotFoundError):
        wf.execute(start_node=other)


@pytest.mark.needs_system
def test_workers_know_the_ids(tmp_path: Path) -> None:
    """Tasks are pickled with them; those of a function defined here go whole."""

    @task(inject_context=True)
    def own_id(ctx: TaskExecutionContext, number: int) -> str:
        return f"{ctx.task_id}: {number} {ctx.get_result(gather)}"

    with workflow("w", channel=SQLiteChannel("ids", tmp_path / "ids.db")) as wf:
        gather(rows=4) >> parallel(own_id(number=1), own_id(number=2))
    found = wf.execute(executor=lambda: ProcessPoolExecutor(1))
    assert found == {"own_id": "own_id: 1 4", "own_id_2": "own_id_2: 2 4"}


def test_a_run_is_resumed_by_a_workflow_that_was_made_again(
    tmp_path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """The same calls get the same ids."""
    broken = [OSError()]

    @task
    def fail_once(gather: int = 0) -> int:
        if broken:
            raise broken.pop()
        return gather

    def made(channel: Channel) -> Any:
        with workflow("w", channel=channel) as wf:
            chain(gather(rows=1), gather(rows=2), gather, fail_once())
        return wf

    channel = open_channel("run")
    with pytest.raises(Exception, match="'fail_once'"):
        made(channel).execute(checkpoint=tmp_path / "run")
    _, ctx = made(channel).resume(tmp_path / "run", ret_context=True)
    assert [ctx.get_result(each) for each in ("gather", "gather_2", "gather_3")] == [1, 1, 2]

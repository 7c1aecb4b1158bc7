"""The ids of tasks: those given, and those that calls without one get."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from graflow import (
    Channel,
    DuplicateTaskError,
    SQLiteChannel,
    Task,
    TaskExecutionContext,
    TaskNotFoundError,
    chain,
    parallel,
    task,
    workflow,
)


@task
def load(rows: int = 1) -> int:
    """Return the rows."""
    return rows


@task("loading")
def renamed(rows: int) -> int:
    """Return the rows."""
    return rows


@task(inject_context=True)
def show(ctx: TaskExecutionContext) -> int:
    """Ask by id and by task."""
    found: int = ctx.get_result("load")
    assert ctx.get_result(load) == found
    return found


def test_one_call_of_a_task_has_the_id_of_the_task() -> None:
    """So its result is found by the name of the function, by the task, and by its key."""
    with workflow("w") as wf:
        load(rows=4) >> show
    result, ctx = wf.execute(ret_context=True)
    assert result == ctx.get_result("load") == ctx.get_result(load) == 4
    assert ctx.get_channel().get(load.result.name) == 4


def test_further_calls_are_numbered_from_two() -> None:
    """In the order of the calls, also in a loop; each workflow counts anew."""

    def ids() -> list[str]:
        with workflow("w"):
            tasks = [load(rows=number) for number in range(3)]
        return [each.task_id for each in tasks]

    assert ids() == ids() == ["load", "load_2", "load_3"]


def test_the_stem_is_the_id_of_the_decorator() -> None:
    """It is not the name of the function, and not the number of an instance."""
    with workflow("w") as wf:
        first = renamed(rows=1)
        second = first(rows=2)
    assert (first.task_id, second.task_id) == ("loading", "loading_2")
    with wf:
        assert second(rows=3).task_id == "loading_3"


ORDERS: list[Callable[[], object]] = [
    lambda: load | load(rows=2),
    lambda: load(rows=2) | load,
    lambda: parallel(load(rows=2), load),
    lambda: (load(rows=2), chain(load)),
]


@pytest.mark.parametrize("order", ORDERS)
def test_the_task_itself_keeps_its_id_beside_calls_of_it(order: Callable[[], object]) -> None:
    """Wherever it joins: Python makes the call before it puts the two in order."""
    with workflow("w") as wf:
        order()
    assert wf.execute() == {"load": 1, "load_2": 2}


def test_ids_that_are_given_go_first() -> None:
    """Before, between and after those that are not."""
    with workflow("w") as wf:
        load(rows=10)
        load(task_id="load_3", rows=3)
        load(rows=20)
        load(rows=30)
        load(task_id="load_2", rows=2)
    assert wf.execute() == {"load": 10, "load_3": 3, "load_4": 20, "load_5": 30, "load_2": 2}
    with workflow("w") as wf:
        load(rows=1)
        load(task_id="load", rows=2)
    assert wf.execute() == {"load_2": 1, "load": 2}


def test_an_id_that_was_read_does_not_change() -> None:
    """A task that would need it after that is refused; the message says why."""
    with workflow("w") as wf:
        called = load(rows=4)
        assert called.task_id == "load"
        with pytest.raises(DuplicateTaskError, match=r"load\(\.\.\.\) without a task_id got it"):
            chain(load)
        chain(called, show)
    with pytest.raises(DuplicateTaskError, match="'load'"):
        wf.add(load)
    assert wf.execute() == 4


@pytest.mark.parametrize("read", [lambda each: each.result, copy.copy, pickle.dumps])
def test_other_ways_to_read_an_id(read: Callable[[Task[..., Any]], object]) -> None:
    """The key of the result contains it, and so do a copy and a pickle."""
    with workflow("w"):
        read(load(rows=4))
        with pytest.raises(DuplicateTaskError):
            chain(load)


def test_looking_at_a_task_does_not_settle_its_id() -> None:
    """A debugger shows what is there."""
    with workflow("w") as wf:
        called = load(rows=4)
        assert "without an id yet" in repr(called)
        chain(load)
    assert repr(called) == "<task 'load_2'>"
    assert wf.execute() == {"load": 1, "load_2": 4}


def test_a_workflow_executed_in_its_block_has_ids() -> None:
    """Those that join afterwards get others."""
    with workflow("w") as wf:
        load(rows=1)
        assert wf.execute() == 1
        load(rows=2)
        assert wf.execute() == {"load": 1, "load_2": 2}


def test_a_called_task_has_its_id_in_every_workflow() -> None:
    """The first that it joined gives it."""
    with workflow("one") as one:
        load(rows=0)
        called = load(rows=4)
    with workflow("two") as two:
        chain(called)
    assert one.execute() == {"load": 0, "load_2": 4}
    _, ctx = two.execute(ret_context=True)
    assert ctx.get_result("load_2") == 4


def test_a_run_starts_at_the_call_that_has_the_id_of_the_task() -> None:
    """`load` names it, as it does for `get_result`; not a task of another function."""
    with workflow("w") as wf:
        load(rows=4) >> show
    values = {"load.__result__": 7}
    assert wf.execute(start_node=load, initial_channel=values) == 4

    @task("load")
    def other() -> int:
        return 0

    with pytest.raises(TaskNotFoundError):
        wf.execute(start_node=other)


def test_workers_know_the_ids(tmp_path: Path) -> None:
    """Tasks are pickled with them; those of a function defined here go whole."""

    @task(inject_context=True)
    def own_id(ctx: TaskExecutionContext, number: int) -> str:
        return f"{ctx.task_id}: {number} {ctx.get_result(load)}"

    with workflow("w", channel=SQLiteChannel("ids", tmp_path / "ids.db")) as wf:
        load(rows=4) >> parallel(own_id(number=1), own_id(number=2))
    found = wf.execute(executor=lambda: ProcessPoolExecutor(1))
    assert found == {"own_id": "own_id: 1 4", "own_id_2": "own_id_2: 2 4"}


def test_a_run_is_resumed_by_a_workflow_that_was_made_again(
    tmp_path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """The same calls get the same ids."""
    broken = [OSError()]

    @task
    def fail_once(load: int = 0) -> int:
        if broken:
            raise broken.pop()
        return load

    def made(channel: Channel) -> Any:
        with workflow("w", channel=channel) as wf:
            chain(load(rows=1), load(rows=2), load, fail_once())
        return wf

    channel = open_channel("run")
    with pytest.raises(Exception, match="'fail_once'"):
        made(channel).execute(checkpoint=tmp_path / "run")
    _, ctx = made(channel).resume(tmp_path / "run", ret_context=True)
    assert [ctx.get_result(each) for each in ("load", "load_2", "load_3")] == [1, 1, 2]

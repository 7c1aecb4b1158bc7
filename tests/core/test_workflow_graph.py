"""The graph of a workflow as plain data."""

from __future__ import annotations

import sys
from itertools import pairwise
from threading import Thread

import pytest

from graflow import CycleError, chain, parallel, task, workflow


@task(max_retries=2, retry_delay=0.5)
def fetch(source: str) -> str:
    """Fetch it.

    From its source.
    """
    return source


@task(atomic=True)
def report() -> None:  # noqa: D103 (a task without a docstring)
    return


def test_it_tells_all_that_was_said_of_the_tasks() -> None:
    """Order, policies, what is bound, and what the function says of itself."""
    with workflow("w") as wf:
        parallel(fetch(task_id="a", source="x"), fetch(task_id="b")) >> report
    a, b, last = wf.graph().nodes
    assert (a.task_id, a.after, a.stage, a.bound, a.doc) == ("a", (), 0, ("source",), "Fetch it.")
    assert (a.max_retries, a.retry_delay, a.atomic) == (2, 0.5, False)
    assert b.bound == ()
    assert (last.task_id, last.after, last.stage) == ("report", ("a", "b"), 1)
    assert (last.max_retries, last.retry_delay, last.atomic, last.doc) == (0, 0.0, True, "")


def test_stages_follow_the_longest_way() -> None:
    """A task is in the stage after the last of those that it waits for."""
    with workflow("w") as wf:
        a, b, c, d = (fetch(task_id=name) for name in "abcd")
        a >> b >> d
        a >> c
        c >> d
        fetch(task_id="alone")
    graph = wf.graph()
    assert [[node.task_id for node in stage] for stage in graph.stages()] == [
        ["a", "alone"],
        ["b", "c"],
        ["d"],
    ]
    assert list(graph.edges) == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def test_printed_it_shows_the_stages() -> None:
    """What a task waits for is named where it is not the whole stage before."""
    with workflow("tour") as wf:
        first, second, third, last, early = (fetch(task_id=f"t{n}") for n in range(5))
        first >> (second | third) >> last
        second >> early
    assert str(wf.graph()) == ("workflow tour\n  1  t0\n  2  t1 | t2\n  3  t3 | t4 (after t1)")


def test_wide_groups_share_what_they_wait_for() -> None:
    """A million edges between two groups take no room until they are asked for."""
    with workflow("wide") as wf:
        parallel(*(fetch(task_id=f"a{n}") for n in range(1000))) >> parallel(
            *(fetch(task_id=f"b{n}") for n in range(1000))
        )
    graph = wf.graph()
    assert len({id(node.after) for node in graph.nodes}) <= 3
    assert sum(1 for _ in graph.edges) == 1_000_000


def test_a_wide_group_after_several_shares_what_it_waits_for() -> None:
    """However many groups are before it."""
    with workflow("wide") as wf:
        first, second, third = (
            parallel(*(fetch(task_id=f"{name}{n}") for n in range(1000))) for name in "abc"
        )
        first >> third
        second >> third
    graph = wf.graph()
    assert len({id(node.after) for node in graph.nodes}) <= 2
    assert graph.nodes[-1].after == tuple(node.task_id for node in graph.nodes[:2000])


def test_an_empty_workflow_and_a_cycle() -> None:
    """The one has an empty graph, the other none."""
    assert str(workflow("empty").graph()) == "workflow empty"
    with workflow("circle") as wf:
        a, b = fetch(task_id="a"), fetch(task_id="b")
        a >> b
        b >> a
    with pytest.raises(CycleError, match="a >> b >> a"):
        wf.graph()


def test_a_workflow_that_grows_is_never_seen_with_half_a_chain() -> None:
    """Another thread adds chains meanwhile; later on all of them are there."""
    chains = [[fetch.variant(f"{n} {m}", {"source": "x"}) for m in range(50)] for n in range(50)]
    wf = workflow("w")

    def grow() -> None:
        for tasks in chains:
            wf.add(chain(*tasks))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread = Thread(target=grow)
        thread.start()
        while thread.is_alive():
            graph = wf.graph()
            lone = [node.task_id for node in graph.nodes if not node.after]
            assert lone == [tasks[0].task_id for tasks in chains[: len(lone)]]
        thread.join()
    finally:
        sys.setswitchinterval(before)
    ids = [[each.task_id for each in tasks] for tasks in chains]
    assert sorted(wf.graph().edges) == sorted(pair for each in ids for pair in pairwise(each))

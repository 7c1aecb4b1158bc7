"""Tasks put in order outside a workflow: a warning where that can have no effect."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
from collections.abc import Callable
from functools import reduce
from operator import rshift

import pytest

from graflow import (
    NeverRunWarning,
    WorkflowTypeError,
    chain,
    parallel,
    task,
    workflow,
)


@task
def a() -> int:
    """Return a number."""
    return 1


@task
def b() -> int:
    """Return another one."""
    return 2


def drop() -> None:
    """Put tasks in order in every way."""
    a >> b
    a | b
    chain(a, b)
    parallel(a, b)
    reduce(rshift, [a, b, a])


def test_a_statement_outside_a_workflow_is_warned_about() -> None:
    """At its own line."""
    with pytest.warns(NeverRunWarning, match="outside a workflow") as caught:
        drop()
    first = drop.__code__.co_firstlineno + 2
    assert [each.lineno for each in caught] == [first + more for more in range(5)]
    assert {each.filename for each in caught} == {__file__}


def test_it_is_warned_about_in_a_task_too() -> None:
    """The workflow that runs it is not open."""

    @task
    def outer() -> int:
        a >> b
        return 3

    with workflow("w") as wf:
        chain(outer)
    with pytest.warns(NeverRunWarning):
        assert wf.execute() == 3


USED: list[Callable[[], object]] = [
    lambda: workflow("w").add(a >> b),
    lambda: workflow("w").add((a >> b) | a),
    lambda: repr(a >> b),
    lambda: [a >> b],
    lambda: a >> b,
    lambda: pickle.loads(pickle.dumps(chain(a, b))),
    lambda: copy.deepcopy(a >> b),
]


@pytest.mark.parametrize("use", USED)
def test_what_is_kept_or_given_to_somebody_is_fine(use: Callable[[], object]) -> None:
    """Even if nothing comes of it."""
    use()
    kept = a >> b
    del kept
    other: object = a | b
    other = 3
    assert other == 3
    gc.collect()


class Holder:
    """An object that keeps what it is made with."""

    def __init__(self, kept: object) -> None:
        self.kept = kept


def same(value: object) -> object:
    """Return the value, as what draws a graph may do."""
    return value


def shown(*orders: object) -> object:
    """Leave a loop whose list goes with it."""
    for order in [a >> b, *orders]:
        if repr(order):
            break
    return None


HANDLED: list[Callable[[], object]] = [
    lambda: exec("same(a >> b)\nsame(a | b)\nsame(chain(a, b))", globals()),
    lambda: exec("Holder(a >> b)\nHolder(a >> b).kept", globals()),
    lambda: exec("[a >> b].pop()\n{'x': a >> b}.pop('x')", globals()),
    lambda: exec("orders = {'x': a >> b}\nrepr(orders)\norders.pop('x')", {**globals()}),
    lambda: exec("def rec(n, order=None):\n  n and rec(n - 1, a >> b)\nrec(3)", {**globals()}),
    shown,
]


@pytest.mark.parametrize("use", HANDLED)
def test_what_others_had_in_hand_before_it_goes_is_fine(use: Callable[[], object]) -> None:
    """Even if the statement drops it when they give it back."""
    use()


@pytest.mark.needs_system
def test_a_thread_that_ends_with_an_order_is_fine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It drops what is its own when no code runs in it any more."""
    own = threading.local()
    problems: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", problems.append)

    def work() -> None:
        own.order = a >> b

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not problems


def test_what_was_made_outside_joins_inside() -> None:
    """Nothing is said of that, nor of what is put in order in the block."""
    first = a >> b
    with workflow("w") as wf:
        first >> task("c")(lambda: 3)
        chain(first)
    assert wf.execute() == 3


def test_a_mistake_in_the_same_statement_is_all_that_is_said() -> None:
    """The part that was fine is dropped as well."""
    nothing: object = 3
    with pytest.raises(WorkflowTypeError):
        a >> b >> nothing  # type: ignore[operator]
    with pytest.raises(WorkflowTypeError):
        chain(a >> b, nothing)  # type: ignore[arg-type]

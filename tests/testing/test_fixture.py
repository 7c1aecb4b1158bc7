"""The fixtures `graflow_context` and `graflow_clock`, as users' tests get them from the plugin."""

from __future__ import annotations

import pytest

from graflow import MemoryChannel, TaskExecutionContext, task

pytest_plugins = ["pytester"]

TESTS = """
import sys

from graflow_pytest import graflow_context as fixture

loaded = "graflow" in sys.modules


def test_nothing_is_imported_for_a_test_that_needs_nothing():
    assert not loaded and "graflow" not in sys.modules


def test_a_context_is_for_a_task(graflow_context):
    from graflow import MemoryChannel, TaskExecutionContext
    assert type(graflow_context) is TaskExecutionContext
    assert type(graflow_context.get_channel()) is MemoryChannel
    graflow_context.get_channel().set("left over", 1)


def test_another_test_finds_nothing_of_that(graflow_context):
    assert graflow_context.get_channel().keys() == []


def test_time_stands_still(graflow_clock, graflow_context):
    graflow_context.get_channel().set("key", 1, ttl=5)
    assert graflow_context.get_channel().ttl("key") == 5
    graflow_clock.advance(5)
    assert not graflow_context.get_channel().exists("key")


def test_time_goes_on():
    from graflow.testing import Clock
    with Clock():
        pass
"""


@task
def count() -> int:
    """Return a number."""
    return 20


@task(inject_context=True)
def double(ctx: TaskExecutionContext, add: int = 0) -> int:
    """Double the number of `count`, and store it."""
    number = ctx.get_result(count) * 2 + add
    ctx.get_channel().set("doubled", number)
    return number


def test_a_task_runs_with_it(graflow_context: TaskExecutionContext) -> None:
    """It finds a result that the test has stored, and what it stores is there for the test."""
    graflow_context.get_channel().set("count.__result__", 4)
    assert double.run(graflow_context, add=1) == 9
    assert graflow_context.get_channel().get("doubled") == 9
    assert graflow_context.task_id == "test"


def test_each_test_has_its_own(pytester: pytest.Pytester) -> None:
    """Contexts are new for each test, and graflow is imported when the first one is asked for."""
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=5)


def test_pytest_lists_it(pytester: pytest.Pytester) -> None:
    """`pytest --fixtures` says what it is for."""
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        ["graflow_context -- *", "*with a new and empty channel in memory*"]
    )


def test_two_contexts_share_nothing(graflow_context: TaskExecutionContext) -> None:
    """The channel belongs to the test: one with the same name is another one."""
    graflow_context.get_channel().set("key", 1)
    assert not MemoryChannel(graflow_context.get_channel().name).exists("key")

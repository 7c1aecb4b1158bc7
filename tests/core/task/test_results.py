"""Results: how they are stored, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

from graflow import chain, task, workflow
from graflow.channels.base import Channel
from graflow.core.context import ExecutionContext, TaskExecutionContext
from graflow.core.state.results import Results
from graflow.core.task.task import Task
from graflow.core.workflow import Workflow
from graflow.exceptions import (
    ChannelTypeError,
    ChannelValidationError,
    ResultNotFoundError,
    ResultTypeError,
    SchemaError,
    TaskFailedError,
    WorkflowTypeError,
)
from tests.channels.schema import bills


@dataclass
class Point:
    """A result that is a dataclass."""

    x: int
    day: date


class Model(BaseModel):
    """A result that is a model."""

    points: list[Point]


class Opaque:
    """A class that no channel can carry."""


POINT = Point(1, date(2024, 2, 29))
MIXED = {"when": datetime(2024, 1, 1), 3: (1, 2)}


@task
def one() -> Point:
    """Return a dataclass."""
    return POINT


@task
def model() -> Model:
    """Return a model."""
    return Model(points=[POINT])


@task
def many() -> list[Point]:
    """Return a list."""
    return [POINT]


@task
def pair() -> tuple[int, Point | None]:
    """Return a tuple."""
    return 1, None


@task
def nothing() -> None:
    """Return nothing."""


@task
def untyped():  # type: ignore[no-untyped-def]
    """Return what JSON can't carry, and say nothing about it."""
    return MIXED


@task
def vague() -> dict[Any, Any]:
    """Return what JSON can't carry, and say little about it."""
    return MIXED


@task
def iterable() -> Iterable[int]:
    """Return a list, with an annotation that can't be a schema."""
    return [1, 2]


def result_of(what: Task[..., Any], channel: Channel) -> ExecutionContext:
    """Run one task and return the context."""
    with workflow("w", channel=channel) as wf:
        chain(what)
    _, ctx = wf.execute(ret_context=True)
    return ctx


@pytest.mark.parametrize(
    ("made", "value", "plain"),
    [
        (one, POINT, {"x": 1, "day": "2024-02-29"}),
        (model, Model(points=[POINT]), {"points": [{"x": 1, "day": "2024-02-29"}]}),
        (many, [POINT], [{"x": 1, "day": "2024-02-29"}]),
        (pair, (1, None), [1, None]),
        (nothing, None, None),
        (untyped, MIXED, MIXED),
        (vague, MIXED, MIXED),
        (iterable, [1, 2], [1, 2]),
    ],
)
def test_a_result_comes_back_as_what_it_was(
    made: Task[[], Any], value: object, plain: object, open_channel: Callable[[str], Channel]
) -> None:
    """By the id and by the task, on every backend; the channel has it as plain data."""
    ctx = result_of(made, open_channel("run"))
    by_id, by_task = ctx.get_result(made.task_id), ctx.get_result(made)
    assert by_id == by_task == value
    assert type(by_id) is type(by_task) is type(value)
    assert ctx.get_channel().get(f"{made.task_id}.__result__", "missing") == plain


def test_an_annotation_with_any_is_still_an_annotation() -> None:
    """What it does say is checked."""

    @task
    def wrong() -> dict[str, Any]:
        return {1: datetime(2024, 1, 1)}  # type: ignore[dict-item]

    @task
    def not_a_date() -> list[date]:
        return ["2024-01-01"]  # type: ignore[list-item]

    for made in (wrong, not_a_date):
        with workflow("w") as wf:
            chain(made)
        with pytest.raises(TaskFailedError, match="annotation") as caught:
            wf.execute()
        refusal = caught.value.__cause__
        assert isinstance(refusal, ResultTypeError)
        assert isinstance(refusal.__cause__, ChannelValidationError)


def test_annotations_may_name_what_is_local() -> None:
    """A class of the function around, with another one inside; `annotations` are text here."""

    class Inner(TypedDict):
        day: date

    class Outer(TypedDict):
        inner: Inner

    @task
    def make(seed: Inner) -> Outer:
        return {"inner": seed}

    with workflow("w") as wf:
        chain(make)
    _, ctx = wf.execute(ret_context=True, initial_channel={"seed": {"day": "2024-01-01"}})
    assert ctx.get_result(make) == {"inner": {"day": date(2024, 1, 1)}}


def test_names_in_an_annotation_are_those_around_the_function() -> None:
    """Wherever it is made a task, and whoever runs it when the function around is over."""
    Status = str  # noqa: F841, N806

    def build() -> Workflow:
        class Leaf(TypedDict):
            size: int

        class Branch(TypedDict):
            leaf: Leaf

        def grow() -> Any:
            return [{"leaf": {"size": "big"}}]

        grow.__annotations__["return"] = list["Branch"]
        with workflow("grow") as wf:
            chain(task(grow))
        return wf

    with workflow("pay") as pay:
        chain(task("pay")(bills.pay))
    with pytest.raises(TaskFailedError, match=r"(?s)'pay'.*'paid' or 'open'"):
        pay.execute()
    with pytest.raises(TaskFailedError, match=r"\[0\]\.leaf\.size: should be a valid integer"):
        build().execute()


def test_annotations_may_name_what_is_defined_later() -> None:
    """They are resolved when the task first runs."""

    @task
    def make() -> Later:
        return Later(x=1)

    with workflow("w") as wf:
        chain(make)
    result, ctx = wf.execute(ret_context=True)
    assert ctx.get_result("make") == result == Later(x=1)


class Later(BaseModel):
    """A schema that comes after the task."""

    x: int


def test_what_can_not_be_stored_fails_its_task_with_advice(channel: Channel) -> None:
    """With what speaks against the annotation, and nothing is stored."""

    @task
    def opaque() -> Opaque:
        return Opaque()

    @task
    def deep():  # type: ignore[no-untyped-def]
        return {"rows": [1, Opaque()]}

    for made, reason in ((opaque, r"dataclass.*Opaque can't be the schema"), (deep, "rows")):
        with workflow("w", channel=channel) as wf:
            chain(made)
        with pytest.raises(TaskFailedError, match=reason) as caught:
            wf.execute()
        refusal = caught.value.__cause__
        assert isinstance(refusal, ResultTypeError)
        assert refusal.task == made.task_id
        assert isinstance(refusal.__cause__, ChannelTypeError)
    assert channel.keys() == []


def test_a_stored_result_that_does_not_fit_is_not_handed_out(channel: Channel) -> None:
    """Whoever wrote it, and a default does not hide it; the error has the key that users know."""
    result_of(one, channel)
    ctx = result_of(one, channel)
    channel.set(Results(channel, ctx.run_id).key("one"), {"x": "1"})
    with pytest.raises(ChannelValidationError, match=r"'one\.__result__'"):
        ctx.get_result(one)
    with pytest.raises(ChannelValidationError, match="day"):
        ctx.get_result(one, default=None)


def test_a_missing_result_names_the_tasks_that_have_one(channel: Channel) -> None:
    """A stored `None` is a result; a key that only looks alike is none."""
    ctx = result_of(nothing, channel)
    channel.set("fake.__result__.", 1)
    assert ctx.get_result("nothing", default=1) is None
    with pytest.raises(ResultNotFoundError, match=r"'other'.*'nothing'") as caught:
        ctx.get_result("other")
    assert (caught.value.task, caught.value.available) == ("other", ("nothing",))
    assert ctx.get_result("other", default=3) == ctx.get_result("other", 3) == 3
    with pytest.raises(WorkflowTypeError, match="id"):
        ctx.get_result(3)  # type: ignore[call-overload]
    channel.clear()
    with pytest.raises(ResultNotFoundError, match="with results are: none"):
        ctx.get_result(one)


def test_a_context_for_a_test_needs_nothing_but_an_id(channel: Channel) -> None:
    """Results of other tasks can be put into its channel."""

    @task(inject_context=True)
    def double(ctx: TaskExecutionContext) -> int:
        return 2 * int(ctx.get_result("calculate"))

    channel.set("calculate.__result__", 21)
    assert double.run(TaskExecutionContext("double", channel)) == 42
    alone = TaskExecutionContext("alone")
    assert alone.get_channel().keys() == []
    assert alone.run_id != TaskExecutionContext("alone").run_id


def test_a_context_tells_its_run_and_its_task() -> None:
    """All tasks of a run have its id and its channel."""
    seen: list[tuple[str, str, str]] = []

    @task(inject_context=True)
    def look(ctx: TaskExecutionContext) -> None:
        seen.append((ctx.run_id, ctx.workflow_name, ctx.task_id))
        ctx.get_channel().append("seen", ctx.task_id)

    with workflow("w") as wf:
        chain(look, look(task_id="again"))
    _, ctx = wf.execute(ret_context=True)
    assert ctx.get_channel().get("seen") == ["look", "again"]
    assert seen == [(ctx.run_id, "w", "look"), (ctx.run_id, "w", "again")]
    with pytest.raises(SchemaError):
        ctx.get_typed_channel(Opaque)  # type: ignore[graflow-schema]

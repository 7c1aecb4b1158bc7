"""Results of `execute`: what was stored, wherever the tasks ran."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple, TypedDict

import pytest
from pydantic import BaseModel, Field

from graflow import MemoryChannel, RedisChannel, TaskExecutionContext, chain, task, workflow
from graflow.channels.schema import differences
from graflow.core.task.task import Task
from graflow.core.travel.executors import ExecutorSource
from tests.core.travelling import Elsewhere


class Colour(IntEnum):
    """A subclass of `int`."""

    RED = 1


class Pair(NamedTuple):
    """A subclass of `tuple`."""

    x: float
    y: float


class Row(TypedDict):
    """A dict whose value may be coerced."""

    share: float


@dataclass
class Point:
    """A dataclass whose value may be coerced, with a field that is worked out."""

    x: float
    twice: float = field(init=False)

    def __post_init__(self) -> None:
        """Work it out."""
        self.twice = self.x * 2


class Model(BaseModel):
    """A model whose values may be coerced, and one of which is stored under another name."""

    share: float
    day: date = Field(alias="date")


SHARED = [1, 2]


async def later() -> float:
    """Return an `int`, some time later."""
    await asyncio.sleep(0)
    return 3


def number() -> float:
    """Return an `int`."""
    return 1


def numbers() -> list[float]:
    """Return `int`s."""
    return [1, 2.5]


def pair() -> tuple[float, int]:
    """Return an `int` for a `float` in a tuple."""
    return 1, 2


def union() -> float | str | None:
    """Return an `int` for one of several."""
    return 5


def colour() -> Colour:
    """Return a member of an Enum."""
    return Colour.RED


def named() -> Pair:
    """Return a named tuple."""
    return Pair(1, 2)


def row() -> Row:
    """Return a dict with an `int`."""
    return {"share": 1}


def point() -> Point:
    """Return a dataclass with an `int`."""
    return Point(1)


def model() -> Model:
    """Return a model, made without validation."""
    return Model.model_construct(share=1, day=date(2024, 1, 1))


def plain():  # type: ignore[no-untyped-def]
    """Return what is shared, with no annotation."""
    return {"shared": SHARED, "tuple": (1, 2.0), "set": {1}}


def shared() -> list[int]:
    """Return what is shared."""
    return SHARED


FUNCTIONS: list[Any] = [
    later,
    number,
    numbers,
    pair,
    union,
    colour,
    named,
    row,
    point,
    model,
    plain,
    shared,
]

STORED = {
    "later": 3.0,
    "number": 1.0,
    "numbers": [1.0, 2.5],
    "pair": (1.0, 2),
    "row": {"share": 1.0},
    "plain": {"shared": [1, 2], "tuple": (1, 2.0), "set": {1}},
    "shared": [1, 2],
}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_result_is_the_same_on_threads_as_elsewhere(function: Any, channel: RedisChannel) -> None:
    """And the same as later tasks get; or it is refused on each, with the same words."""
    made: Task[[], Any] = task(function)
    found = []
    sources: list[ExecutorSource | None] = [None, partial(ThreadPoolExecutor, 1), Elsewhere]
    for source in sources:
        with workflow("w", channel=channel) as wf:
            chain(made)
        result, ctx = wf.execute(ret_context=True, executor=source)
        assert not list(differences(result, ctx.get_result(made)))
        found.append(result)
    with workflow("w", channel=MemoryChannel()) as wf:
        chain(made)
    found.append(wf.execute())
    for other in found[1:]:
        assert not list(differences(found[0], other))
    if made.task_id in STORED:
        assert not list(differences(found[0], STORED[made.task_id]))


def test_a_result_is_a_snapshot() -> None:
    """Nothing that is done afterwards to what a task returned changes it."""
    kept: list[int] = [1]

    @task
    def make() -> list[int]:
        return kept

    @task(inject_context=True)
    def change(ctx: TaskExecutionContext) -> list[int]:
        kept.append(2)
        return ctx.get_result(make)

    with workflow("w") as wf:
        make >> change
        make >> task("end")(lambda: kept)
    results, ctx = wf.execute(ret_context=True)
    kept.append(3)
    assert results["change"] == ctx.get_result(make) == [1]
    assert results["end"] in ([1], [1, 2])
    results["change"].append(4)
    assert ctx.get_result(change) == [1]

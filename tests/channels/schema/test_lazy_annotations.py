"""Annotations that are evaluated when asked for, as from Python 3.14 on; they name what follows.

This file has no `from __future__ import annotations`, which would make text of them.
"""

import typing
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, NewType, NotRequired, TypedDict, TypeVar, Union

import pytest
from pydantic import BaseModel
from typing_extensions import ReadOnly

from graflow import (
    Key,
    KeyedChannel,
    Keys,
    KeysChannel,
    MemoryChannel,
    TaskExecutionContext,
    TypedChannel,
    WorkflowTypeError,
    task,
    workflow,
)
from graflow.channels.schema import Schema, schema_of
from graflow.exceptions import ChannelValidationError, SchemaError

T = TypeVar("T")


class Row(TypedDict):
    leaf: Leaf
    more: NotRequired[list[Row]]
    name: ReadOnly[str]


class Longer(Row):
    length: Length | None


@dataclass
class Record:
    leaf: Leaf
    more: Record | None = None


@dataclass
class LongerRecord(Record):
    length: Length | None = None


class Pair(NamedTuple):
    leaf: Leaf
    length: Length


class Model(BaseModel):
    leaf: Leaf


class Box(TypedDict, Generic[T]):
    it: T
    leaf: Leaf


@dataclass
class Boxed(Generic[T]):
    it: T
    leaf: Leaf


class Leaf(TypedDict):
    size: int


Length = NewType("Length", int)

LEAF: Leaf = {"size": 1}
WRONG: Any = {"size": "1"}
ROW: Row = {"leaf": LEAF, "name": "a"}

KINDS: list[tuple[Any, Any, Any]] = [
    (Row, {**ROW, "more": [ROW]}, {**ROW, "leaf": WRONG}),
    (Longer, {**ROW, "length": Length(3)}, {**ROW, "length": "3"}),
    (Record, Record(LEAF, Record(LEAF)), Record(LEAF, Record(WRONG))),
    (LongerRecord, LongerRecord(LEAF, None, Length(3)), LongerRecord(WRONG)),
    (Pair, Pair(LEAF, Length(3)), Pair(WRONG, Length(3))),
    (Model, Model.model_construct(leaf=LEAF), Model.model_construct(leaf=WRONG)),
    (Box[int], {"it": 1, "leaf": LEAF}, {"it": "1", "leaf": LEAF}),
    (Boxed[int], Boxed(1, LEAF), Boxed("1", LEAF)),
    (list[Leaf], [LEAF], [WRONG]),
    (int | None, 1, "1"),
    (Union[int, str], "1", 1.5),  # noqa: UP007 - the same, since Python 3.14
    (Length | None, None, "1"),
]


@pytest.mark.parametrize(("form", "good", "bad"), KINDS, ids=lambda form: repr(form)[:40])
def test_a_name_may_be_defined_later(form: Any, good: Any, bad: Any) -> None:
    """Values come back, and those that do not fit are refused."""
    schema: Schema[Any] = schema_of(form)
    assert schema.load(schema.dump(good)) == good
    with pytest.raises(ChannelValidationError):
        schema.dump(bad)


def test_a_union_is_the_same_however_it_is_written() -> None:
    """One schema serves both, and it says so in the same words."""
    assert int | None is not None
    assert schema_of(int | None).name == schema_of(typing.Optional[int]).name  # noqa: UP045


def test_classes_of_a_function_name_each_other() -> None:
    """Also once the function is over, as a class remembers its variables."""

    def made() -> list[tuple[Any, Any]]:
        class Outer(TypedDict):
            inner: Inner

        @dataclass
        class OuterRecord:
            inner: Inner

        class OuterPair(NamedTuple):
            inner: Inner

        class Inner(TypedDict):
            number: int

        inner = Inner(number=1)
        return [
            (Outer, Outer(inner=inner)),
            (OuterRecord, OuterRecord(inner)),
            (OuterPair, OuterPair(inner)),
        ]

    for form, value in made():
        schema: Schema[Any] = schema_of(form)
        assert schema.load(schema.dump(value)) == value


def test_nothing_is_left_on_the_classes() -> None:
    """A schema leaves classes as they were, and what evaluates their annotations."""
    kinds: list[Any] = [Record, LongerRecord, Pair]
    before = [kind.__annotate__ for kind in kinds]
    for kind in kinds:
        Schema(kind)
    assert [kind.__annotate__ for kind in kinds] == before
    assert Pair.__annotations__ == {"leaf": Leaf, "length": Length}


def test_a_name_that_is_never_defined_makes_no_schema() -> None:
    """The error names the field."""

    class Bad(TypedDict):
        it: list[Nowhere]  # type: ignore[name-defined]

    with pytest.raises(SchemaError, match=r"it\[\]: name 'Nowhere' is not defined"):
        schema_of(Bad)


def test_channels_take_such_types() -> None:
    """Typed, keyed and declared keys alike."""

    class Declared(Keys):
        row = Key(Row)
        record = Key(Record)

    channel = MemoryChannel("lazy")
    TypedChannel(channel, Row).set("row", ROW)
    assert KeyedChannel(channel, Keyed).get("row") == ROW
    keys = KeysChannel(channel, Declared)
    keys.set(Declared.record, Record(LEAF))
    assert (keys.get(Declared.row), keys.get(Declared.record)) == (ROW, Record(LEAF))


class Keyed(TypedDict):
    row: Row


def test_a_task_may_name_what_is_defined_later() -> None:
    """In its parameters and its result, which are checked as ever."""
    with workflow("w") as wf:

        @task
        def measure(leaf: Later) -> Later:
            return {"size": leaf["size"] + 1}

        @task(inject_context=True)
        async def double(ctx: TaskExecutionContext, leaf: Later) -> list[Later]:
            return [ctx.get_result(measure)] * 2

        measure >> double

    class Later(TypedDict):
        size: int

    assert wf.execute(initial_channel={"leaf": {"size": 1}}) == [{"size": 2}] * 2


def test_a_context_that_is_not_asked_for_is_told() -> None:
    """As ever, beside a name that means nothing yet."""
    with pytest.raises(WorkflowTypeError, match="inject_context"):

        @task
        def work(ctx: TaskExecutionContext, it: Nowhere) -> None:  # type: ignore[name-defined]
            """Do nothing."""

"""Bound arguments: what is refused when it is bound, and that all else reaches the function."""

from __future__ import annotations

import decimal
import io
import os
import pickle
import re
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, IntEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import (
    IO,
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Protocol,
    TextIO,
    TypedDict,
    TypeVar,
    runtime_checkable,
)
from unittest.mock import Mock

import cloudpickle
import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType, Unpack

from graflow import task, workflow
from graflow.core.context import TaskExecutionContext
from graflow.core.task.task import Task
from graflow.exceptions import WorkflowTypeError

if TYPE_CHECKING:
    from decimal import Context as Unimported

T = TypeVar("T")
B = TypeVar("B", bound=int)
UserId = NewType("UserId", int)
Tree = TypeAliasType("Tree", "int | list[Tree]")


class Row(TypedDict):
    """A row."""

    id: int
    name: NotRequired[str]


Rows = TypeAliasType("Rows", list[Row])


class Wide(Row):
    """A row with more in it."""

    more: float


class Colour(Enum):
    """An enumeration."""

    RED = "red"


class Level(IntEnum):
    """An enumeration of numbers."""

    LOW = 1


class Model(BaseModel):
    """A model."""

    age: int


class Special(Model):
    """A model with more in it."""


@dataclass
class Point:
    """A dataclass."""

    x: int


class Pair(NamedTuple):
    """A named tuple."""

    left: int
    right: str


class Box(Generic[T]):
    """A generic class."""


class Connection:
    """A class that no channel can carry."""

    def send(self, text: str) -> None:
        """Do nothing."""


class Sender(Protocol):
    """What a connection is."""

    def send(self, text: str) -> None:
        """Send a text."""


@runtime_checkable
class Closing(Protocol):
    """What a file is."""

    def close(self) -> None:
        """Close it."""


class Text(str):
    """A kind of text."""


class Numbers(list[int]):
    """A kind of list."""


class Odd:
    """Its comparison raises."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


class _Meta(type):
    def __instancecheck__(cls, value: object) -> bool:
        raise RuntimeError


class Touchy(metaclass=_Meta):
    """A class that can't be asked for its instances."""


ITSELF: list[Any] = []
ITSELF.append(ITSELF)

FITTING: list[tuple[Any, Any]] = [
    (int, 3),
    (int, True),
    (int, Level.LOW),
    (float, 3),
    (float, Fraction(1, 2)),
    (complex, 1.5),
    (str, Text("x")),
    (bytes, bytearray(b"x")),
    (date, datetime(2026, 1, 1)),
    (None, None),
    (int | None, None),
    (object, object()),
    (Any, object()),
    (UserId, 3),
    (T, object()),
    (list[T], [object()]),  # type: ignore[valid-type]
    (B, 3),
    (list[int], Numbers([1])),
    (list[int], []),
    (list, ["anything"]),
    (list[Any], ["anything"]),
    (tuple, (1, "a")),
    (tuple[int, ...], (1, 2, 3)),
    (tuple[int, str], (1, "a")),
    (tuple[int, str], Pair(1, "a")),
    (tuple[()], ()),
    (tuple[int, *tuple[str, ...]], (1, "a", "b")),
    (tuple[int, Unpack[tuple[str, ...]]], (1, "a", "b")),  # noqa: UP044 - another object
    (Sequence[str], "text"),
    (Sequence[int], range(3)),
    (Sequence[int], UserList([1])),
    (Iterable[str], {"a": 1}),
    (Iterable[str], "text"),
    (Iterable[int], iter(["no", "look"])),
    (Iterator[int], iter([1])),
    (set[int], {1, 2}),
    (deque[int], deque([1])),
    (Mapping[str, int], {"a": 1}),
    (Mapping[str, int], UserDict(a=1)),
    (dict[str, int], defaultdict(int, a=1)),
    (dict[str, int], OrderedDict(a=1)),
    (Counter[str], Counter("text")),
    (Literal["a", 1], "a"),
    (Literal["a", 1], 1),
    (Literal[Colour.RED], Colour.RED),
    (Annotated[int, Field(gt=5)], 3),
    (Annotated["int", "x"], 3),
    (Colour, Colour.RED),
    (Row, {"id": 1}),
    (Row, {"id": 1, "name": "a", "more": 1.5}),
    (Wide, {"id": 1, "more": 1}),
    (Rows, [{"id": 1}]),
    (Tree, [1, [2, [3]]]),
    (Model, Special(age=3)),
    (Point, Point(1)),
    (Point, Point("unchecked")),  # type: ignore[arg-type]
    (Box[int], Box()),
    (Sender, Connection()),
    (Sender, 3),
    (Closing, io.StringIO()),
    (Connection, Mock()),
    (int, Mock()),
    (TextIO, io.StringIO()),
    (IO[str], io.StringIO()),
    (type[Model], Special),
    (type, int),
    (Callable[[int], str], str),
    (Callable[..., Any], partial(int, "3")),
    (os.PathLike[str], Path("x")),
    (Path | str, "x"),
    (list[Any], ITSELF),
    (Tree, ITSELF),
    (Touchy, 3),
    (decimal.Decimal, decimal.Decimal(1)),
    ("NoSuchName", 3),
    ("list[NoSuchName]", 3),
    ("1 +", 3),
    (3, 4),
]

WRONG: list[tuple[Any, Any, str]] = [
    (int, "3", "it must be int, not str"),
    (int, 3.0, "it must be int, not float"),
    (int, None, "it must be int, not None"),
    (float, "3", "it must be float, not str"),
    (float, decimal.Decimal(3), "it must be float, not Decimal"),
    (str, 3, "it must be str, not int"),
    (str, b"3", "it must be str, not bytes"),
    (bytes, "3", "it must be bytes, not str"),
    (datetime, date(2026, 1, 1), "it must be datetime, not date"),
    (None, 3, "it must be None, not int"),
    (int | None, "3", r"it must be int \| None, not str"),
    (list[int] | str, ["a"], r"it must be list\[int\] \| str, not list"),
    (UserId, "3", "it must be int, not str"),
    (list[int], (1,), r"it must be list\[int\], not tuple"),
    (list[int], [1, "2"], r"it\[1\] must be int, not str"),
    (list[list[int]], [[], [1, None]], r"it\[1\]\[1\] must be int"),
    (tuple[int, str], (1, 2), r"it\[1\] must be str, not int"),
    (tuple[int, str], (1,), "it must be a tuple of 2, not a tuple of 1"),
    (tuple[int, ...], (1, "2"), r"it\[1\] must be int, not str"),
    (Sequence[int], {1}, r"it must be collections.abc.Sequence\[int\], not set"),
    (Iterable[int], {"a": 1}, r"it\[0\] must be int, not str"),
    (Iterable[int], 3, "not int"),
    (set[int], {"a"}, r"it\[0\] must be int, not str"),
    (dict[str, int], {"a": "b"}, r"it\['a'\] must be int, not str"),
    (dict[str, int], {1: 1}, "it key 1 must be str, not int"),
    (Mapping[str, list[int]], {"a": ["b"]}, r"it\['a'\]\[0\] must be int"),
    (Literal["a", 1], "b", r"it must be Literal\['a', 1\], not str"),
    (Literal[1], "1", "it must be Literal"),
    (Annotated[int, Field(gt=5)], "7", "it must be int, not str"),
    (Colour, "red", "it must be Colour, not str"),
    (Row, 3, "it must be Row, not int"),
    (Row, {"name": "a"}, r"it\['id'\] must be there, not missing"),
    (Row, {"id": "1"}, r"it\['id'\] must be int, not str"),
    (Row, {"id": 1, "name": 3}, r"it\['name'\] must be str, not int"),
    (Rows, [{"id": 1}, {}], r"it\[1\]\['id'\] must be there"),
    (Model, {"age": 3}, "it must be Model, not dict"),
    (Point, Pair(1, "a"), "it must be Point, not Pair"),
    (Box[int], 3, r"it must be .*Box\[int\], not int"),
    (Connection, object(), "it must be Connection, not object"),
    (Closing, 3, "it must be Closing, not int"),
    (type[Model], Model(age=3), "it must be type"),
    (Callable[[int], str], 3, "it must be .*Callable"),
    (os.PathLike[str], "x", "it must be os.PathLike"),
    ("int", "3", "it must be int, not str"),
    ("list[Row]", [{}], "must be there"),
]


def named(value: object) -> str:
    """Return the name of a value in those of tests, without addresses, which differ each time."""
    return re.sub(r"( at 0x|id=')[0-9a-f]+", "", repr(value))


def made(annotation: Any) -> Task[..., Any]:
    """Return a task with one parameter of a type."""

    def show(it: Any) -> None: ...

    show.__annotations__["it"] = annotation
    return task(show)


@pytest.mark.parametrize(("annotation", "value"), FITTING, ids=named)
def test_what_may_be_of_the_type_is_bound_as_it_is(annotation: Any, value: Any) -> None:
    """The very object, be it an instance of a subclass, or something that nobody can judge."""
    with workflow("w"):
        assert made(annotation)(it=value).bound["it"] is value


@pytest.mark.parametrize(("annotation", "value", "said"), WRONG, ids=named)
def test_what_can_not_be_of_the_type_is_refused(annotation: Any, value: Any, said: str) -> None:
    """When it is bound, with the parameter and its type; nothing is converted."""
    with workflow("w"), pytest.raises(WorkflowTypeError, match=f"'show': .*{said}"):
        made(annotation)(it=value)


@task(inject_context=True)
def fetch(
    ctx: TaskExecutionContext,
    source: str,
    /,
    rows: int = 3,
    *more: int,
    strict: bool = None,  # type: ignore[assignment]  # noqa: RUF013 - it is tried
    **others: float,
) -> list[Any]:
    """Return the arguments."""
    return [source, rows, more, strict, others]


def test_parameters_of_every_kind_are_checked() -> None:
    """By position and by name, each of several, and the default is always right."""
    misfits: list[tuple[tuple[object, ...], dict[str, Any], str]] = [
        ((3,), {}, "source must be str, not int"),
        (("a", "b"), {}, "rows must be int, not str"),
        (("a",), {"rows": "b"}, "rows must be int, not str"),
        (("a", 1, 2, "3"), {}, r"more\[1\] must be int, not str"),
        (("a",), {"strict": "yes"}, "strict must be bool, not str"),
        (("a",), {"speed": "fast"}, "speed must be float, not str"),
        (("a",), {"source": "b"}, "source must be float, not str"),
    ]
    with workflow("w") as wf:
        for args, kwargs, said in misfits:
            with pytest.raises(WorkflowTypeError, match=f"'fetch': {said}"):
                fetch(*args, **kwargs)
        fetch("a", 1, 2, 3, strict=None, speed=1, task_id="all")  # type: ignore[arg-type]
    assert wf.execute() == ["a", 1, (2, 3), None, {"speed": 1}]


def test_a_bound_task_is_checked_when_it_is_called_again() -> None:
    """What it was bound to before is not looked at again."""
    with workflow("w"):
        first = fetch("a", rows=1)
        with pytest.raises(WorkflowTypeError, match=r"'fetch': rows must be int"):
            first(rows="1")
        assert first(rows=2).bound == {"source": "a", "rows": 2}


def test_annotations_are_looked_up_when_they_are_needed() -> None:
    """They may name what is defined further down, or what only type checkers import."""

    @task
    def show(one: Later, two: Unimported | None, three: Unimported) -> None: ...

    class Later:
        pass

    with workflow("w"):
        show(one=Later(), two=3, three=4)  # type: ignore[arg-type]


def test_a_class_that_was_made_again_is_the_same_one() -> None:
    """As where a cell of a notebook is run twice, or a class travelled by value."""
    made_again = cloudpickle.loads(cloudpickle.dumps(_defined()))  # type: ignore[no-untyped-call]
    with workflow("w"):
        made(_defined())(it=_defined()())
        made(_defined())(it=made_again())


def _defined() -> type:
    class Config:
        pass

    return Config


def test_many_items_are_looked_at_in_part() -> None:
    """So that binding a million of them takes no longer than ten thousand."""
    with workflow("w"):
        made(list[int])(it=[*[0] * 1_000_000, "last"])
        with pytest.raises(WorkflowTypeError, match=r"it\[9000\]"):
            made(list[int])(it=[*[0] * 9_000, "last"])


def test_a_task_that_was_pickled_still_checks() -> None:
    """What was looked up stays behind, and is looked up again."""
    with workflow("w"):
        fetch("a")
        other = pickle.loads(pickle.dumps(fetch))
        with pytest.raises(WorkflowTypeError, match="rows must be int"):
            other("b", rows="c")


def test_run_calls_the_function_with_anything() -> None:
    """A test may hand it whatever the function can work with."""
    ctx = TaskExecutionContext("t")
    assert fetch.run(ctx, "a", "b")[1] == "b"  # type: ignore[arg-type]
    with workflow("w"):
        assert fetch("a").run(ctx, rows="b")[1] == "b"

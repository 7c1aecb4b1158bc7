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
from datetime import UTC, date, datetime
from enum import Enum, IntEnum
from fractions import Fraction
from functools import partial, wraps
from ipaddress import ip_address
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
    Required,
    TextIO,
    TypedDict,
    TypeVar,
    runtime_checkable,
)
from unittest.mock import Mock

import cloudpickle
import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    EmailStr,
    Field,
    IPvAnyAddress,
    Json,
    PastDate,
    validate_call,
)
from typing_extensions import TypeAliasType, Unpack

from graflow import task, workflow
from graflow.core.context import TaskExecutionContext
from graflow.core.task.task import Task
from graflow.exceptions import WorkflowTypeError

if TYPE_CHECKING:
    from decimal import Context as Unimported

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
B = TypeVar("B", bound=int)
UserId = NewType("UserId", int)
Tree = TypeAliasType("Tree", "int | list[Tree]")


class Row(TypedDict):
    """A row."""

    id: int
    name: NotRequired[str]


Rows = TypeAliasType("Rows", list[Row])
Several = TypeAliasType("Several", list[T], type_params=(T,))


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


class Page(list[str], Generic[T]):
    """A kind of list, whose argument is not the type of its items."""


class Groups(dict[str, list[T]], Generic[T, B]):
    """A kind of dict, whose arguments are not the types of its keys and items."""


class Found(NamedTuple, Generic[T]):
    """A named tuple with an argument."""

    what: T
    where: str


class Nested(Protocol[T_co]):
    """A tree, as NumPy's `ArrayLike` has one."""

    def __iter__(self) -> Iterator[T_co | Nested[T_co]]:
        """Yield items, and trees of them."""


class Lazy(list[int]):
    """Items that are fetched when somebody looks at them."""

    def __iter__(self) -> Iterator[int]:
        raise AssertionError


class Proxy:
    """Passes everything on."""

    def __init__(self, target: object) -> None:
        """Take what it passes everything on to."""
        self._target = target

    def __getattr__(self, name: str) -> Any:
        """Return what the target has."""
        return getattr(self._target, name)


class Unknown(Any):  # type: ignore[misc]
    """A class of which nobody knows what it is."""


Date = type("date", (), {})
"""A class with the name of another one."""


class Partly(TypedDict, total=False):
    """A row of which little is needed."""

    id: Required[int]
    name: str


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
    (type, list[int]),
    (type, Box[int]),
    (Page[int], Page(["a"])),
    (Groups[int, int], Groups(a=[1])),
    (Found[int], Found(1, "a")),
    (Nested[int], [1, [2, 3]]),
    (list[int], Lazy()),
    (Closing, Proxy(io.StringIO())),
    (int, Unknown()),
    (bool, type("bool", (), {"__module__": "numpy"})()),
    (Partly, {"id": 1}),
    (EmailStr, "ada@example.org"),
    (AwareDatetime, datetime(2026, 1, 1, tzinfo=UTC)),
    (PastDate, date(2026, 1, 1)),
    (IPvAnyAddress, ip_address("::1")),
    (Json, "[]"),
    (list[EmailStr], ["ada@example.org"]),
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
    (list[int] | str, ["a"], r"it\[0\] must be int, not str"),
    (list[int] | list[bytes], ["a"], r"it must be list\[int\] \| list\[bytes\], not list"),
    (Row | None, {"id": "1"}, r"it\['id'\] must be int, not str"),
    (Partly, {"name": "a"}, r"it\['id'\] must be there"),
    (bool, type("int64", (), {"__module__": "numpy"})(), "it must be bool, not int64"),
    (Date, date(2026, 1, 1), r"it must be .*test_argument_types\.date, not datetime\.date"),
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
    (Several[int], ["a"], r"it\[0\] must be int, not str"),
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


def test_a_wrapped_function_takes_what_its_wrapper_takes() -> None:
    """Its annotations are not those of the wrapper, which may convert what it is given."""

    def opened(function: Callable[[Path], str]) -> Callable[[str | Path], str]:
        @wraps(function)
        def wrapper(path: str | Path) -> str:
            return function(Path(path))

        return wrapper

    @task
    @opened
    def suffix(path: Path) -> str:
        return path.suffix

    @task
    @validate_call
    def double(number: int) -> int:
        return number * 2

    with workflow("suffixes") as suffixes:
        suffix("a.txt")
    with workflow("numbers") as numbers:
        double("3")  # type: ignore[arg-type]
    assert (suffixes.execute(), numbers.execute()) == (".txt", 6)


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

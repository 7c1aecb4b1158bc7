"""What a schema takes, what it refuses, and that nothing changes on the way through JSON."""

from __future__ import annotations

import collections
import enum
import ipaddress
import pathlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import typing_extensions
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    PrivateAttr,
    RootModel,
    Secret,
    SecretStr,
    StringConstraints,
    computed_field,
    model_validator,
)

from graflow.channels.schema import Schema, differences, schema_of
from graflow.exceptions import ChannelDataError, ChannelError, ChannelValidationError, SchemaError

T = TypeVar("T")
BERLIN = ZoneInfo("Europe/Berlin")


class Text(str):
    """A subclass of a built-in type."""


class Moment(datetime):
    """A subclass of a type that pydantic returns as it is."""


class Table(dict[str, int]):
    """A subclass of a container."""


class Colour(enum.StrEnum):
    """Its members are texts too."""

    RED = "red"


class Level(enum.IntEnum):
    """Its members are ints too."""

    LOW = 1


class Mixed(enum.Enum):
    """Values of several types."""

    INT = 1
    FLOAT = 1.5
    TEXT = "x"
    NOTHING = None


class Right(enum.Flag):
    """Has more values than members."""

    READ = 1
    WRITE = 2


class Corner(enum.Enum):
    """Its values are not JSON."""

    TOP = (1, 2)


class Point(NamedTuple):
    """A named tuple."""

    x: int
    label: str = ""


class Aliased(BaseModel):
    """One name in Python, another in JSON."""

    user_name: str = Field(alias="userName")
    tags: list[str] = []


class Unlike(Aliased):
    """A subclass with nothing more."""


class Readable(BaseModel):
    """Can be read from several names."""

    value: int = Field(validation_alias=AliasChoices("value", "val"))
    other: int = Field(serialization_alias="out")


class Cat(BaseModel):
    """One of a union."""

    kind: Literal["cat"] = Field(alias="petKind")
    lives: int


class Dog(BaseModel):
    """The other of a union."""

    kind: Literal["dog"] = Field(alias="petKind")
    good: bool


class Metres(BaseModel):
    """Looks like feet in JSON."""

    value: int


class Feet(BaseModel):
    """Looks like metres in JSON."""

    value: int


class Open(BaseModel):
    """Takes unknown fields."""

    model_config = ConfigDict(extra="allow")
    name: str


class Computed(BaseModel):
    """Has what follows from its fields."""

    side: int

    @computed_field
    def area(self) -> int:
        """Return what is not stored."""
        return self.side**2

    @cached_property
    def slow(self) -> int:
        """Return what is kept in the instance."""
        return self.side


class Hidden(BaseModel):
    """Has a private attribute."""

    name: str
    _count: int = PrivateAttr(default=0)


class Node(BaseModel):
    """Contains itself."""

    value: int = 0
    children: list[Node] = []


class Boxed(BaseModel, Generic[T]):
    """A generic model."""

    item: T


class Ordered(BaseModel):
    """Has a rule over several fields."""

    low: int
    high: int

    @model_validator(mode="after")
    def check(self) -> Ordered:
        """Refuse bounds in the wrong order."""
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


@dataclass(slots=True, frozen=True, kw_only=True)
class Job:
    """A dataclass."""

    name: str
    due: date | None = None


@dataclass
class Counter:
    """Has a field that is not a parameter."""

    name: str
    count: int = field(init=False, default=0)


@dataclass
class Growing:
    """Changes itself whenever it is made."""

    size: int

    def __post_init__(self) -> None:
        """Grow."""
        self.size += 1


@dataclass
class Started:
    """Is made from something that it forgets."""

    name: str
    seed: InitVar[int]


class Tolerant(typing_extensions.TypedDict):
    """Lets pydantic drop unknown fields and coerce one."""

    __pydantic_config__ = ConfigDict(extra="ignore")  # type: ignore[misc]
    count: Annotated[int, Field(strict=False)]
    name: str


class Written(BaseModel):
    """Has a field that is never written."""

    password: str = Field(exclude=True)


class Same(BaseModel):
    """Two fields of it are read from one name."""

    a: int = Field(alias="x")
    b: int = Field(alias="x")


class Inside(BaseModel):
    """Has a field that is read from inside another."""

    first: int = Field(validation_alias=AliasPath("rows", 0))


class Failing:
    """Has a hook for pydantic that fails in its own way."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Fail."""
        raise LookupError("the registry is empty")


class Handle(BaseModel):
    """Holds something that no text carries."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    rows: list[dict[str, re.Match[str]]]


Json_ = typing_extensions.TypeAliasType(
    "Json_", "dict[str, Json_] | list[Json_] | int | str | None"
)
Shout = Annotated[str, StringConstraints(to_upper=True, max_length=3)]


def with_count(count: int) -> Hidden:
    """Return an instance with a private attribute set."""
    hidden = Hidden(name="x")
    hidden._count = count
    return hidden


def with_slow() -> Computed:
    """Return an instance with a cached property in it."""
    computed = Computed(side=2)
    assert computed.slow == 2
    return computed


DEEP = 90 if sys.platform != "emscripten" else 20  # where pydantic goes no deeper than 49 levels

TOO_DEEP = 5000 if sys.platform != "emscripten" else 500  # the stack is smaller there


def deep_list(depth: int) -> list[Any]:
    """Return a list in a list in a list."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def list_of_lists(depth: int) -> Any:
    """Return the type of such a list, of any other depth."""
    form: Any = int
    for _ in range(depth):
        form = list[form]
    return form


def nested(depth: int) -> Node:
    """Return a node inside others."""
    node = Node()
    for _ in range(depth):
        node = Node(children=[node])
    return node


KEPT: list[tuple[Any, Any]] = [
    (str, "Zoë $ NaN \0"),
    (int, 2**64),
    (int, -(10**4298)),
    (bool, True),
    (None, None),
    (float, float("nan")),
    (float, float("-inf")),
    (float, -0.0),
    (float, 5e-324),
    (float, 1e22),
    (bytes, b"\xff\x00"),
    (date, date.min),
    (datetime, datetime(2026, 1, 2, 3, 4, 5, 6)),
    (datetime, datetime(2026, 1, 2, tzinfo=timezone.utc)),  # noqa: UP017 - as it comes back
    (datetime, datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))),
    (datetime, datetime(2026, 7, 2, tzinfo=BERLIN)),
    (datetime, datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)),
    (datetime, datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)),
    (datetime, datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN)),
    (datetime, datetime(1900, 1, 1, tzinfo=ZoneInfo("Europe/Amsterdam"))),
    (dict[datetime, int], {datetime(2026, 7, 2, tzinfo=BERLIN): 1}),
    (Annotated[datetime, Field(gt=datetime(2020, 1, 1))], datetime(2026, 1, 1)),
    (time, time(1, 2, 3, 4)),
    (time, time(1, tzinfo=timezone.utc)),  # noqa: UP017 - as it comes back
    (timedelta, timedelta.max),
    (timedelta, timedelta(microseconds=-1)),
    (Decimal, Decimal("1.10")),
    (Decimal, Decimal("-0E+3")),
    (UUID, UUID(int=1)),
    (Fraction, Fraction(1, 3)),
    (complex, 1 + 2j),
    (Colour, Colour.RED),
    (Level, Level.LOW),
    *((Mixed, member) for member in Mixed),
    (Right, Right.READ | Right.WRITE),
    (Literal["a", 1, None], 1),
    (list[int], []),
    (tuple[int, ...], (1, 2)),
    (tuple[int, str], (1, "a")),
    (set[date], {date.min, date.max}),
    (frozenset[str], frozenset("ab")),
    (dict[str, int], {"$tuple": 1}),
    (dict[int, str], {2**70: "x"}),
    (dict[float, int], {1.5: 1, float("inf"): 2}),
    (dict[bool, int], {True: 1}),
    (dict[Colour, int], {Colour.RED: 1}),
    (dict[date, int], {date.min: 1}),
    (dict[bytes, int], {b"\xff": 1}),
    (dict[str, Any], {"a": [1, {"b": None}]}),
    (int | float, 1),
    (int | float, 1.0),
    (int | bool | str | None, True),
    (list[int] | dict[str, int], {"a": 1}),
    (date | str, date(2026, 1, 1)),
    (date | str, "someday"),
    (datetime | Aliased, datetime(2026, 7, 2, tzinfo=BERLIN)),
    (datetime | Aliased, Aliased(userName="x")),
    (Point, Point(1, "a")),
    (list[Point], [Point(1)]),
    (collections.deque[int], collections.deque([1])),
    (collections.defaultdict[str, int], collections.defaultdict(int, a=1)),
    (collections.OrderedDict[str, int], collections.OrderedDict(b=1, a=2)),
    (collections.Counter[str], collections.Counter("aab")),
    (Sequence[int], [1]),
    (Mapping[str, int], {"a": 1}),
    (pathlib.PurePosixPath, pathlib.PurePosixPath("/a")),
    (ipaddress.IPv4Address, ipaddress.IPv4Address("127.0.0.1")),
    (re.Pattern[str], re.compile("a+")),
    (Aliased, Aliased(userName="x")),
    (list[Aliased], [Aliased(userName="x", tags=["a"])]),
    (Readable, Readable(value=1, other=2)),
    (Annotated[Cat | Dog, Field(discriminator="kind")], Cat(petKind="cat", lives=9)),
    (Cat | Dog, Dog(petKind="dog", good=True)),
    (Metres | Feet, Metres(value=1)),
    (Open, Open(name="x", more=[1])),  # type: ignore[call-arg]
    (Computed, with_slow()),
    (Hidden, Hidden(name="x")),
    (Boxed[int], Boxed[int](item=1)),
    (RootModel[list[int]], RootModel[list[int]]([1])),
    (Ordered, Ordered(low=1, high=2)),
    (Node, nested(DEEP)),
    (Json_, {"a": [1, {"$ref": None}]}),
    (Job, Job(name="x", due=date.min)),
    (Counter, Counter("x")),
    (Shout, "ABC"),
]

REFUSED: list[tuple[Any, Any, str]] = [
    (str, Text("x"), ""),
    (str, Colour.RED, ""),
    (str, "\ud800", ""),
    (dict[str, str], {"a": "\ud800"}, "['a']"),
    (int, True, ""),
    (int, Level.LOW, ""),
    (int, 1.0, ""),
    (list[int], [1, 10**4300], "[1]"),
    (float, 2**53 + 1, ""),
    (float, 10**400, ""),
    (Literal[1], True, ""),
    (Literal[1], 1.0, ""),
    (Literal[1] | bool, True, ""),
    (int | str | None, Text("x"), ""),
    (date, datetime(2026, 1, 1), ""),
    (datetime, Moment(2026, 1, 1), ""),
    (datetime, datetime(2026, 1, 1, fold=1), ""),
    (datetime, datetime(2026, 1, 1, fold=1, tzinfo=BERLIN), ""),
    (datetime, datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=30))), ""),
    (datetime, datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")), ""),
    (Annotated[datetime, Field(gt=datetime(2020, 1, 1))], datetime(2019, 1, 1), ""),
    (time, time(1, fold=1), ""),
    (time, time(1, tzinfo=BERLIN), ""),
    (Decimal, Decimal("NaN"), ""),
    (list[int], (1,), ""),
    (tuple[int, str], [1, "a"], ""),
    (dict[str, int], Table(a=1), ""),
    (dict[str, int], {Text("a"): 1}, "['a']"),
    (dict[int, str], {True: "x"}, "[1] (the key)"),
    (dict[float, int], {float("nan"): 1}, "[nan]"),
    (dict[int | str, int], {1: 1}, "[1]"),
    (dict[str, Any], {"a": (1,)}, "['a']"),
    (list[Any], [date.min], "[0]"),
    (Any, object(), ""),
    (date | str, "2026-01-01", ""),
    (list[int] | set[int], {1}, ""),
    (Sequence[int], (1,), ""),
    (Mapping[str, int], collections.OrderedDict(a=1), ""),
    (collections.deque[int], collections.deque([1], maxlen=3), ""),
    (collections.defaultdict[str, int], collections.defaultdict(lambda: 0), ""),
    (Point, (1, "a"), ""),
    (Point, Point(1, Text("a")), "label"),
    (Aliased, {"userName": "x"}, "user_name"),
    (Aliased, Unlike(userName="x"), ""),
    (Aliased, Aliased.model_construct(user_name="x", tags=[1]), "tags[0]"),
    (Metres | Feet, Feet(value=1), ""),
    (Level | float, Level.LOW, ""),
    (
        Annotated[Cat | Dog, Field(discriminator="kind")],
        Cat.model_construct(kind="cat", lives="9"),
        "lives",
    ),
    (Open, Open(name="x", more=date.min), "more"),  # type: ignore[call-arg]
    (Hidden, with_count(5), "_count"),
    (Ordered, Ordered.model_construct(low=2, high=1), ""),
    (Boxed[int], Boxed(item=1), ""),
    *([(Node, nested(105), "")] if sys.platform != "emscripten" else []),
    (Growing, Growing(1), "size"),
    (Job, {"name": "x"}, ""),
    (Job, Job(name="x", due=datetime.min), "due"),
    (Shout, "ßßß", ""),
    (Annotated[int, AfterValidator(lambda value: value + 1)], 1, ""),
    (dict[int, str], {10**5000: "x"}, "[an int of 16,610 bits]"),
    (dict[int, dict[str, str]], {10**5000: {"a": "\ud800"}}, "[an int of 16,610 bits]['a']"),
    (Any, {"a": {10**5000: 1}}, "a[an int of 16,610 bits]"),
    (dict[str, int], {"\ud800": 1}, r"['\ud800']"),
    (dict[str, list[str]], {"\ud800": []}, r"['\ud800']"),
    (Any, deep_list(5000), ""),
]

IMPOSSIBLE: list[tuple[Any, str]] = [
    (dict[str, list[Handle]], "[][].rows[][]: "),
    (list[Written], "[].password: "),
    (Same, "b: "),
    (Inside, "first: "),
    (Started, "seed: "),
    (dict[str, SecretStr], "[]: "),
    (tuple[int, Secret[int]], "[1]: "),
    (list[Callable[[], int]], "[]: "),
    (dict[str, Iterable[int]], "[]: "),
    (list[type[int]], "[]: "),
    (dict[tuple[int, int], str], "keys"),
    (dict[None, str], "keys"),
    (dict[Literal[1], str], "1"),
    (Corner, "TOP"),
    (Literal[b"x"], "b'x'"),
    (Json[int], "Json"),
    (dict[str, Failing], "[]: the registry is empty"),
    (object(), "object"),
    ("NoSuchName", "NoSuchName"),
    (list["NoSuchName"], "[]: "),  # type: ignore[name-defined]  # noqa: F821
    (len, "function"),
    (typing_extensions.Never, "Never"),
]


@pytest.mark.parametrize(("form", "value"), KEPT)
def test_a_value_comes_back_as_it_was(form: Any, value: Any) -> None:
    """What was stored comes back equal, with the same types all the way down."""
    schema = schema_of(form)
    assert not list(differences(value, schema.load(schema.dump(value))))
    assert not list(differences(value, schema.load(schema.dump_item(value))))
    assert not list(differences([value], schema.load_items([schema.dump_item(value)])))


@pytest.mark.parametrize(("form", "value", "path"), REFUSED)
def test_a_value_that_would_change_is_refused(form: Any, value: Any, path: str) -> None:
    """What does not fit, or would come back as something else, is refused with its path."""
    for dump in (schema_of(form).dump, schema_of(form).dump_item):
        with pytest.raises(ChannelValidationError) as caught:
            dump(value)
        assert path in [error.path for error in caught.value.errors]
        assert caught.value.schema == schema_of(form).name


@pytest.mark.parametrize(("form", "text"), IMPOSSIBLE)
def test_what_json_can_not_carry_makes_no_schema(form: Any, text: str) -> None:
    """A type that does not survive a round trip through JSON is refused at once, with its path."""
    with pytest.raises(SchemaError, match=re.escape(text)):
        schema_of(form)


def test_what_python_can_not_even_write_down_makes_no_schema() -> None:
    """A number of too many digits, or a type that is nested too deep."""
    forms: list[tuple[Any, str]] = [(10**5000, "an int of"), (list_of_lists(TOO_DEEP), "deep")]
    for form, text in forms:
        with pytest.raises(SchemaError, match=text):
            schema_of(form)


def test_a_value_that_is_nested_too_deep_is_refused() -> None:
    """Wherever the limit is, there is an error, and not the end of the interpreter."""
    for depth in (105, 300):
        with pytest.raises(ChannelError, match=r"nested too deep|maximum .* depth exceeded|deep"):
            schema_of(Node).dump(nested(depth))


def test_an_int_may_stand_for_a_float_that_holds_it() -> None:
    """Where the schema says float, an int is stored as the float that equals it."""
    assert repr(schema_of(float).load(schema_of(float).dump(2))) == "2.0"


def test_a_field_that_is_no_parameter_is_not_lost_in_silence() -> None:
    """A dataclass whose extra state can't be given back is refused."""
    counter = Counter("x")
    counter.count = 3
    with pytest.raises(ChannelValidationError, match="count"):
        schema_of(Counter).dump(counter)


def test_the_own_config_of_a_schema_wins() -> None:
    """A schema that drops unknown fields, or coerces one, may."""
    schema: Schema[Any] = schema_of(Tolerant)
    stored = schema.dump({"count": "5", "name": "x", "more": 1})
    assert schema.load(stored) == {"count": 5, "name": "x"}
    with pytest.raises(ChannelValidationError, match="name"):
        schema.dump({"count": "5", "name": 5})


def test_coercion_can_be_asked_for() -> None:
    """Without strict, what pydantic made of the value is stored."""
    schema: Schema[Any] = schema_of(set[int], strict=False)
    assert schema.load(schema.dump(["1", 2])) == {1, 2}
    aliased: Schema[Any] = schema_of(Aliased, strict=False)
    assert aliased.load(aliased.dump({"userName": "x"})) == Aliased(userName="x")
    assert aliased.load(aliased.dump({"user_name": "x"})) == Aliased(userName="x")


@pytest.mark.parametrize(
    ("form", "record", "value"),
    [
        (Aliased, b'{"userName":"x"}', Aliased(userName="x")),
        (Job, b'{"name":"x","due":{"$date":"2026-01-02"}}', Job(name="x", due=date(2026, 1, 2))),
        (
            list[Job],
            [b'{"name":"x","due":{"$date":"2026-01-02"}}'],
            [Job(name="x", due=date(2026, 1, 2))],
        ),
        (tuple[int, int], b'{"$tuple":[1,2]}', (1, 2)),
        (dict[Any, Any], b'{"$dict":[[1,2]]}', {1: 2}),
        (
            dict[str, Colour | date],
            b'{"a":"red","b":{"$date":"2026-01-02"}}',
            {"a": Colour.RED, "b": date(2026, 1, 2)},
        ),
        (float, b'{"$float":"inf"}', float("inf")),
        (dict[str, str], b'{"price":"$5"}', {"price": "$5"}),
    ],
)
def test_data_that_an_untyped_channel_wrote_is_read(form: Any, record: Any, value: Any) -> None:
    """Plain data that fits is read, and so are richer values."""
    assert schema_of(form).load(record) == value


def test_what_is_no_data_of_a_channel_is_told_from_a_misfit() -> None:
    """Bytes that graflow did not write are an error of another kind."""
    for record in (b"not json", b'{"$unknown":1}', b""):
        with pytest.raises(ChannelDataError):
            schema_of(int).load(record)


@pytest.mark.parametrize(
    "wrap", [list.__class_getitem__, lambda inner: tuple.__class_getitem__(inner | None)]
)
def test_a_deep_type_is_a_schema_soon(wrap: Callable[[Any], Any]) -> None:
    """It takes no time that doubles with each level."""
    deep: Any = int
    for _ in range(45):
        deep = wrap(deep)
    schema: Schema[Any] = schema_of(deep)
    assert schema.form == deep


def test_what_stands_for_a_broken_character_may_be_a_key() -> None:
    """Where the user wrote it."""
    schema: Schema[Any] = schema_of(dict[str, int])
    assert schema.load(schema.dump({"\ufffd": 1})) == {"\ufffd": 1}


def test_a_schema_is_made_once() -> None:
    """The same type gives the same schema, a different one does not."""
    assert schema_of(list[Aliased]) is schema_of(list[Aliased])
    assert schema_of(Aliased) is not schema_of(Aliased, strict=False)
    assert schema_of(int | str) is not schema_of(str | int)
    assert schema_of(Literal[1]) is not schema_of(Literal[True])


def test_a_schema_need_not_be_hashable() -> None:
    """A type whose metadata can't be hashed is a schema too."""
    form: Any = Annotated[int, Field(ge=0), ["no hash"]]
    assert schema_of(form).load(schema_of(form).dump(1)) == 1

"""Every kind of `TypedDict` is a schema, on every Python, also where pydantic refuses it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    NamedTuple,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)

import pytest
import typing_extensions
from pydantic import ConfigDict, Field, TypeAdapter, with_config

from graflow import KeyedChannel, MemoryChannel
from graflow.channels.schema import Schema, schema_of
from graflow.exceptions import ChannelValidationError, SchemaError

T = TypeVar("T")
S = TypeVar("S")


class Address(TypedDict):
    """A typing.TypedDict inside others."""

    city: str


class User(TypedDict):
    """One that names another, and types that are text here."""

    name: str
    homes: list[Address]


class Options(TypedDict, total=False):
    """All may be missing but one."""

    depth: int
    name: Required[str]


class MoreOptions(Options):
    """Inherits from one of another totality."""

    width: int
    note: NotRequired[str]


class Page(TypedDict, Generic[T]):
    """A generic one."""

    items: list[T]
    total: int


class Users(Page[User]):
    """Inherits from a generic one, with an argument."""

    cursor: str


class Pages(Page[Page[T]], Generic[T]):
    """Inherits from a generic one inside itself, and stays generic."""

    first: T


class Tree(TypedDict):
    """One that contains itself."""

    value: int
    branches: list[Tree]


class Locked(typing_extensions.TypedDict):
    """One with a field that is not to be changed."""

    name: typing_extensions.ReadOnly[str]
    age: NotRequired[typing_extensions.ReadOnly[int]]


@with_config(ConfigDict(extra="ignore"))
class Tolerant(TypedDict):
    """One with a config of its own."""

    name: str


class Counts(typing_extensions.TypedDict, Generic[T], extra_items=list[T]):  # type: ignore[call-arg]
    """One with items beside its fields."""

    total: T


class IntCounts(Counts[int]):
    """Inherits them from a generic one."""

    unit: str


class Plain(IntCounts, closed=False):
    """Takes them back."""


class Sealable(typing_extensions.TypedDict, Generic[T], closed=True):
    """A generic one that is closed by its own word, whatever the config."""

    item: T


@with_config(ConfigDict(extra="ignore"))
class Sealed(Sealable[int]):
    """Stays closed."""


@with_config(ConfigDict(extra="allow"))
class Loose(typing_extensions.TypedDict, Generic[T]):
    """A generic one with a config of its own."""

    item: T


class LooseText(Loose[str]):
    """Inherits the config."""


class UsersByName(  # type: ignore[call-arg]
    typing_extensions.TypedDict, extra_items="typing_extensions.ReadOnly[User]"
):
    """Items beside its fields whose type is text."""

    name: str


Constrained = TypedDict("Constrained", {"age": Annotated[int, Field(ge=0)], "user-id": str})


@dataclass
class Visit:
    """A dataclass with one inside."""

    user: User


class Pair(NamedTuple):
    """A named tuple with one inside."""

    left: Address
    right: Address


Addresses = typing_extensions.TypeAliasType("Addresses", list[Address])
Alias = typing_extensions.TypeAliasType("Alias", dict[str, T], type_params=(T,))
Town = typing.NewType("Town", Address)  # type: ignore[valid-newtype]

ADDRESS: Address = {"city": "Oslo"}
USER: User = {"name": "Zoë", "homes": [ADDRESS]}

FITTING: list[tuple[Any, Any]] = [
    (User, USER),
    (list[User], [USER]),
    (dict[str, User], {"a": USER}),
    (tuple[Address, ...], (ADDRESS,)),
    (User | None, USER),
    (Annotated[User, "a note"], USER),
    (Options, {"name": "x"}),
    (Options, {"name": "x", "depth": 1}),
    (MoreOptions, {"name": "x", "width": 1}),
    (Page[int], {"items": [1], "total": 1}),
    (Page[User], {"items": [USER], "total": 1}),
    (list[Page[Address]], [{"items": [ADDRESS], "total": 1}]),
    (Users, {"items": [USER], "total": 1, "cursor": "c"}),
    (Pages[int], {"items": [{"items": [1], "total": 1}], "total": 1, "first": 1}),
    (Tree, {"value": 1, "branches": [{"value": 2, "branches": []}]}),
    (Locked, {"name": "x"}),
    (Constrained, {"age": 1, "user-id": "u"}),
    (Counts[int], {"total": 1, "more": [1]}),
    (IntCounts, {"total": 1, "unit": "m", "more": [1]}),
    (Plain, {"total": 1, "unit": "m"}),
    (Sealed, {"item": 1}),
    (LooseText, {"item": "x", "more": [1]}),
    (UsersByName, {"name": "x", "Zoë": USER}),
    (Visit, Visit(USER)),
    (Pair, Pair(ADDRESS, ADDRESS)),
    (Addresses, [ADDRESS]),
    (Alias[Address], {"a": ADDRESS}),
    (Town, ADDRESS),
]

MISFITS: list[tuple[Any, Any, str]] = [
    (User, {"name": "x", "homes": [{"city": 1}]}, "homes[0].city"),
    (User, {"name": "x"}, "homes"),
    (User, {**USER, "age": 1}, "age"),
    (list[User], [{**USER, "name": None}], "[0].name"),
    (Options, {}, "name"),
    (Options, {"name": "x", "depth": "1"}, "depth"),
    (MoreOptions, {"name": "x"}, "width"),
    (MoreOptions, {"name": "x", "width": 1, "note": 2}, "note"),
    (Page[int], {"items": ["x"], "total": 1}, "items[0]"),
    (Page[User], {"items": [ADDRESS], "total": 1}, "items[0].name"),
    (Users, {"items": [1], "total": 1, "cursor": "c"}, "items[0]"),
    (
        Pages[int],
        {"items": [{"items": ["x"], "total": 1}], "total": 1, "first": 1},
        "items[0].items[0]",
    ),
    (Tree, {"value": 1, "branches": [{"value": "x", "branches": []}]}, "branches[0].value"),
    (Locked, {"name": 1}, "name"),
    (Constrained, {"age": -1, "user-id": "u"}, "age"),
    (Counts[int], {"total": 1, "more": ["x"]}, "more[0]"),
    (IntCounts, {"total": 1, "unit": "m", "more": ["x"]}, "more[0]"),
    (Plain, {"total": 1, "unit": "m", "more": [1]}, "more"),
    (Sealed, {"item": 1, "more": 1}, "more"),
    (LooseText, {"item": 1}, "item"),
    (
        UsersByName,
        {"name": "x", "Zoë": {"name": "Zoë", "homes": [{"city": 1}]}},
        "Zoë.homes[0].city",
    ),
    (Visit, Visit({"name": 1, "homes": []}), "user.name"),  # type: ignore[typeddict-item]
    (Pair, Pair(ADDRESS, {"city": 1}), "right.city"),  # type: ignore[typeddict-item]
    (Addresses, [{"town": "x"}], "[0].city"),
    (Alias[Address], {"a": 1}, "['a']"),
    (Town, {"city": 1}, "city"),
]


def load_and_dump(schema: Schema[Any], value: Any) -> Any:
    """Return `value` as it comes back."""
    return schema.load(schema.dump(value))


@pytest.mark.parametrize(("form", "value"), FITTING)
def test_a_fitting_value_comes_back(form: Any, value: Any) -> None:
    """What fits is stored, and comes back equal."""
    assert load_and_dump(schema_of(form), value) == value


@pytest.mark.parametrize(("form", "value", "path"), MISFITS)
def test_a_misfit_is_named(form: Any, value: Any, path: str) -> None:
    """Each part is checked, however deep, and named by its path."""
    with pytest.raises(ChannelValidationError) as caught:
        schema_of(form).dump(value)
    assert path in [error.path for error in caught.value.errors]


def test_its_own_config_is_kept() -> None:
    """A class that ignores unknown fields ignores them here too."""
    assert load_and_dump(schema_of(Tolerant), {"name": "x", "more": 1}) == {"name": "x"}


def test_a_class_in_a_function_may_name_others_in_text() -> None:
    """A local class finds the local classes that its annotations name, and itself."""

    class Leaf(TypedDict):
        size: int

    class Branch(TypedDict):
        leaves: list[Leaf]
        next: NotRequired[Branch]  # type: ignore[misc]

    value: Branch = {"leaves": [{"size": 1}], "next": {"leaves": []}}
    assert load_and_dump(schema_of(Branch), value) == value
    with pytest.raises(ChannelValidationError, match=r"next\.leaves\[0\]\.size"):
        schema_of(Branch).dump({"leaves": [], "next": {"leaves": [{"size": "1"}]}})


def test_equal_names_in_different_functions_are_different_schemas() -> None:
    """Text that names a type is looked up anew each time."""

    def with_ints() -> tuple[Schema[Any], Any]:
        class Item(TypedDict):
            value: int

        return schema_of(list["Item"]), Item

    def with_texts() -> tuple[Schema[Any], Any]:
        class Item(TypedDict):
            value: str

        return schema_of(list["Item"]), Item

    (ints, _), (texts, _) = with_ints(), with_texts()
    assert load_and_dump(ints, [{"value": 1}]) == [{"value": 1}]
    assert load_and_dump(texts, [{"value": "a"}]) == [{"value": "a"}]
    with pytest.raises(ChannelValidationError):
        ints.dump([{"value": "a"}])


def test_a_name_that_is_not_defined_is_refused_at_once() -> None:
    """A class with a field of an undefined type can't be a schema."""

    class Lost(TypedDict):
        item: NoSuchType  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(SchemaError, match="NoSuchType") as caught:
        schema_of(Lost)
    assert isinstance(caught.value.__cause__, NameError)


class Swapped(TypedDict, Generic[T, S]):
    """One that contains itself with other arguments, which come to an end."""

    left: T
    right: S
    swapped: NotRequired[Swapped[S, T]]
    numbers: NotRequired[Swapped[int, list[int]]]


if TYPE_CHECKING:  # mypy would not come to an end either
    Grow: Any
    Turn: Any
    Layers: Any
else:

    class Grow(TypedDict, Generic[T]):
        """One that contains itself with ever bigger arguments."""

        value: T
        next: NotRequired[Grow[list[T]]]

    @dataclass
    class Turn(Generic[T, S]):
        """One that grows only by way of another."""

        left: T
        other: Other[S, T] | None = None

    @dataclass
    class Other(Generic[T, S]):
        """The other one."""

        both: Turn[dict[str, T], S]

    Layers = typing_extensions.TypeAliasType(
        "Layers", "T | list[Layers[tuple[T, T]]]", type_params=(T,)
    )


@pytest.mark.parametrize("form", [Grow[int], dict[str, Grow[str]], Turn[int, str], Layers[int]])
def test_types_without_end_are_refused(form: Any) -> None:
    """With the reason, and at once."""
    with pytest.raises(SchemaError, match="names itself with ever bigger arguments"):
        schema_of(form)
    if form == Grow[int]:
        with pytest.raises(SchemaError, match=r"key Grow\.next: .*Grow names itself"):
            KeyedChannel(MemoryChannel("grow"), form)


def test_arguments_may_change_on_the_way() -> None:
    """As long as there is an end to them."""
    schema: Schema[Any] = schema_of(Swapped[str, bytes])
    value: Any = {"left": "a", "right": b"b"}
    value |= {"swapped": {"left": b"a", "right": "b", "numbers": {"left": 1, "right": [2]}}}
    assert load_and_dump(schema, value) == value
    with pytest.raises(ChannelValidationError, match=r"swapped\.left"):
        schema.dump({"left": "a", "right": b"b", "swapped": {"left": "a", "right": b"b"}})


def classes() -> Iterator[Any]:
    """Yield the classes above that don't have a hook for pydantic."""
    yield from (Address, User, Options, MoreOptions, Page, Users, Pages, Tree, Locked, Tolerant)


def test_nothing_is_left_on_the_classes() -> None:
    """A schema, or the failure to make one, leaves a class as it was."""
    before = {form: set(vars(form)) for form in classes()}
    for form in before:
        Schema(form)
    with pytest.raises(SchemaError):
        Schema(tuple[User, NoSuchClass])
    assert {form: set(vars(form)) for form in classes()} == before


class NoSuchClass:
    """A class that pydantic knows nothing of."""


def test_pydantic_is_as_it_was() -> None:
    """What pydantic does outside of graflow does not change."""

    def attempt() -> str:
        try:
            return str(TypeAdapter(Address).validate_python({"city": "x"}))
        except Exception as error:  # noqa: BLE001 - any refusal will do, if it stays the same
            return type(error).__name__

    before = attempt()
    Schema(User)
    assert attempt() == before


@pytest.mark.needs_system
def test_threads_may_make_schemas_of_one_class_at_once() -> None:
    """Schemas that have parts in common can be made at the same time."""
    forms: list[Any] = [User, Visit, list[User], Users, Page[User], dict[str, Tree]] * 8
    with ThreadPoolExecutor(8) as pool:
        schemas = list(pool.map(Schema, forms))
    assert [schema.form for schema in schemas] == forms

"""The shortcuts of a schema do what the long way does."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, with_config
from pydantic_core import from_json, to_json

from graflow.channels.schema import Schema, differences
from graflow.exceptions import ChannelError
from tests.channels.schema.test_properties import ANYTHING, KINDS, Kind


class Address(TypedDict):
    """A part of a record."""

    street: str
    floor: NotRequired[int]


class Record(TypedDict):
    """All that a shortcut can take."""

    name: str
    size: float
    kind: Literal["a", "b"]
    address: Address | None
    tags: list[str]
    sizes: list[float | None]
    marks: dict[str, int | bool]


@with_config(ConfigDict(str_max_length=3))
class Limited(TypedDict):
    """Its config limits its texts."""

    name: str


@with_config(ConfigDict(extra="ignore"))
class Lenient(TypedDict):
    """What it does not know it drops."""

    name: str


@with_config(ConfigDict(extra="allow"))
class Open(TypedDict):
    """What it does not know it keeps."""

    name: str


class Letter(StrEnum):
    """Texts that are not exactly `str`."""

    A = "a"


RECORD: Record = {
    "name": "x",
    "size": 1.5,
    "kind": "a",
    "address": {"street": "s", "floor": 2},
    "tags": ["t"],
    "sizes": [1.0, None],
    "marks": {"m": 1, "n": True},
}


def outcome(work: Callable[[Any], Any], argument: Any) -> tuple[Any, ...]:
    """Return what the work returns, or the kind and the text of its error."""
    try:
        return (work(argument),)
    except ChannelError as error:
        return type(error).__name__, str(error)


def has_shortcuts(form: Any) -> bool:
    """Tell whether there are shortcuts for a schema."""
    schema = Schema(form)
    return schema.load != schema._load


def assert_same(schema: Schema[Any], value: Any) -> None:
    """Assert that both ways write the same or fail alike, and read the same or fail alike.

    The fields of a dict may be in another order.
    """
    quick, careful = outcome(schema.dump_item, value), outcome(schema._dump_item, value)
    if len(quick) == len(careful) == 1:
        quick, careful = (from_json(quick[0]),), (from_json(careful[0]),)
    assert not list(differences(quick, careful))
    try:
        written = to_json(value)
    except ValueError:
        written = b"[]"
    for text in (written, b"{", b'{"name": "\xff"}'):
        quick, careful = outcome(schema.load, text), outcome(schema._load, text)
        assert not list(differences(quick, careful))


@settings(max_examples=500)
@given(kind=KINDS, data=st.data())
def test_both_ways_agree(kind: Kind, data: st.DataObject) -> None:
    """Whatever the schema, on values that fit it and on others."""
    assert_same(Schema(kind.form), data.draw(kind.values | ANYTHING))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": 1},
        {"name": Letter.A},
        {"name": "\ud800"},
        {"name": "$"},
        {"name": "$float"},
        {"name": "x" * 5000},
        {"size": 1},
        {"size": float("nan")},
        {"size": float("-inf")},
        {"size": 1e308},
        {"kind": "c"},
        {"kind": Letter.A},
        {"kind": ["a"]},
        {"address": None},
        {"address": {}},
        {"address": {"street": "s"}},
        {"address": {"floor": 1}},
        {"address": {"street": "s", "floor": None}},
        {"address": {"street": "s", "storey": 1}},
        {"address": {"street": "s", "floor": 1, "storey": 1}},
        {"tags": ("t",)},
        {"tags": [Letter.A]},
        {"tags": [1]},
        {"sizes": [1]},
        {"sizes": [float("inf")]},
        {"marks": {"m": 1.0}},
        {"marks": {Letter.A: 1}},
        {"marks": {1: 1}},
        {"marks": {"$float": 1}},
        {"marks": {"m": 10**5000}},
        {"more": 1},
        {1: 1},
    ],
)
def test_both_ways_agree_on_a_record(change: dict[Any, Any]) -> None:
    """Each part of it right and wrong."""
    assert has_shortcuts(Record)
    schema = Schema(Record)
    assert_same(schema, {**RECORD, **change})
    assert_same(schema, [{**RECORD, **change}])
    assert_same(Schema(list[Record]), [{**RECORD, **change}])


def test_a_missing_field_is_missed() -> None:
    """Each of them."""
    for name in RECORD:
        assert_same(Schema(Record), {key: RECORD[key] for key in RECORD if key != name})  # type: ignore[literal-required]


@pytest.mark.parametrize(
    "form",
    [
        Annotated[str, Field(max_length=3)],
        Annotated[list[int], Field(max_length=1)],
        Annotated[dict[str, int], Field(min_length=1)],
        dict[Annotated[str, Field(min_length=1)], int],
        Annotated[int, Field(gt=0)],
        Annotated[float, Field(lt=0)],
        Annotated[str, Field(strict=False)],
        Limited,
        Lenient,
        Open,
        Literal[1],
        list[Any],
        dict[int, int],
        tuple[int, ...],
        Letter,
    ],
)
def test_limits_leave_no_shortcut(form: Any) -> None:
    """A look at the types would not tell whether a value fits."""
    assert not has_shortcuts(form)


def test_a_dict_that_looks_like_a_tag_comes_back() -> None:
    """Whether its key is a field of the schema or not."""
    tag_like: Any = TypedDict("tag_like", {"$float": str})
    closed: Any = TypedDict("closed", {"name": str})
    for form in (tag_like, dict[str, str]):
        for load in (Schema(form).load, Schema(form)._load):
            assert load(Schema(form).dump({"$float": "nan"})) == {"$float": "nan"}
    assert_same(Schema(closed), {"$float": "nan"})
    assert_same(Schema(closed), {"name": "$float"})
    assert_same(Schema(float), {"$float": "nan"})

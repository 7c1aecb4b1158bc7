"""Over schemas and values of any make: what a channel takes comes back, or it is refused."""

from __future__ import annotations

import string
from dataclasses import make_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import GenericAlias
from typing import Any, Literal, NamedTuple, NotRequired
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import create_model
from typing_extensions import TypedDict

from graflow.channels.codec import codec
from graflow.channels.schema import Schema, differences
from graflow.exceptions import (
    ChannelError,
    ChannelTypeError,
    ChannelValidationError,
    SchemaError,
)


class Colour(Enum):
    """Its values are texts."""

    RED = "red"
    GREEN = "$green"


class Level(IntEnum):
    """Its values are ints."""

    LOW = 0
    HIGH = 2**40


class Kind(NamedTuple):
    """A type, and values that fit it."""

    form: Any
    values: st.SearchStrategy[Any]


class Case(NamedTuple):
    """A type, and a value that fits it."""

    form: Any
    value: Any


class Text(str):
    """A subclass that is not to be mistaken for text."""


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
make_typed_dict: Any = TypedDict
of_optional: Any = NotRequired
ZONES = st.none() | st.just(UTC) | OFFSETS | st.timezones()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('$\\"[]{}'))
MOMENTS = st.datetimes(timezones=ZONES).filter(
    lambda moment: not moment.fold or moment.replace(fold=0).utcoffset() != moment.utcoffset()
)

SCALARS = [
    Kind(str, TEXTS),
    Kind(int, st.integers()),
    Kind(bool, st.booleans()),
    Kind(None, st.none()),
    Kind(float, st.floats()),
    Kind(bytes, st.binary()),
    Kind(date, st.dates()),
    Kind(datetime, MOMENTS),
    Kind(time, st.times(timezones=st.none() | OFFSETS).map(lambda at: at.replace(fold=0))),
    Kind(timedelta, st.timedeltas()),
    Kind(Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    Kind(UUID, st.uuids()),
    Kind(Colour, st.sampled_from(Colour)),
    Kind(Level, st.sampled_from(Level)),
    Kind(Literal["a", 1, None], st.sampled_from(["a", 1, None])),
    Kind(int | float, st.integers() | st.floats()),
]
HASHABLE = [kind for kind in SCALARS if kind.form is not float and kind.form != int | float]
KEYS = [kind for kind in HASHABLE if kind.form not in {None, Literal["a", 1, None]}]
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=3).map(lambda name: f"f_{name}")


def kinds_of(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    """Return kinds that are made of others."""
    return st.one_of(
        inner.map(lambda kind: Kind(of(list, kind), st.lists(kind.values, max_size=3))),
        inner.filter(lambda kind: kind.form is not None).map(
            lambda kind: Kind(kind.form | None, kind.values | st.none())
        ),
        st.tuples(inner, inner).map(
            lambda two: Kind(of(tuple, *two), st.tuples(two[0].values, two[1].values))
        ),
        inner.map(
            lambda kind: Kind(of(tuple, kind, ...), st.lists(kind.values, max_size=3).map(tuple))
        ),
        st.sampled_from(HASHABLE).map(
            lambda kind: Kind(of(set, kind), st.sets(kind.values, max_size=3))
        ),
        st.tuples(st.sampled_from(KEYS), inner).map(
            lambda two: Kind(
                of(dict, *two), st.dictionaries(two[0].values, two[1].values, max_size=3)
            )
        ),
        st.dictionaries(NAMES, inner, min_size=1, max_size=4).flatmap(with_fields),
    )


def of(origin: type, *kinds: Any) -> Any:
    """Return the type of a collection of such things."""
    return GenericAlias(origin, tuple(getattr(kind, "form", kind) for kind in kinds))


def with_fields(fields: dict[str, Kind]) -> st.SearchStrategy[Kind]:
    """Return classes with these fields, in each of the ways to make one."""
    forms = {name: kind.form for name, kind in fields.items()}
    values = {name: kind.values for name, kind in fields.items()}
    model = create_model("Model", **{name: (form, ...) for name, form in forms.items()})  # type: ignore[call-overload]
    record = make_dataclass("Record", forms.items())
    required: Any = make_typed_dict("required", forms)
    optional: Any = make_typed_dict(
        "optional", {name: of_optional[form] for name, form in forms.items()}
    )
    return st.sampled_from(
        [
            Kind(required, st.fixed_dictionaries(values)),
            Kind(optional, st.fixed_dictionaries({}, optional=values)),
            Kind(record, st.builds(record, **values)),
            Kind(
                model, st.fixed_dictionaries(values).map(lambda each: model.model_construct(**each))
            ),
        ]
    )


KINDS = st.recursive(st.sampled_from(SCALARS), kinds_of, max_leaves=6)
CASES = KINDS.flatmap(lambda kind: kind.values.map(lambda value: Case(kind.form, value)))
ANYTHING = st.recursive(
    st.one_of(*(kind.values for kind in SCALARS), TEXTS.map(Text)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(TEXTS | NAMES | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(case=CASES)
def test_what_fits_comes_back(case: Case) -> None:
    """A value that fits comes back equal, with equal types, by each of the ways to read it."""
    schema = Schema(case.form)
    record, item = schema.dump(case.value), schema.dump_item(case.value)
    assert not list(differences(case.value, schema.load(record)))
    assert not list(differences(case.value, schema.load(item)))
    assert not list(differences([case.value] * 2, schema.load_items([item, item])))
    assert codec.decode(record) is not NotImplemented  # an untyped channel reads it too


@settings(max_examples=300)
@given(kind=KINDS, value=ANYTHING)
def test_nothing_changes_in_silence(kind: Kind, value: Any) -> None:
    """Any value comes back as it is, or is refused with the paths of what does not fit."""
    schema = Schema(kind.form)
    try:
        record = schema.dump(value)
    except ChannelValidationError as error:
        assert error.errors  # noqa: PT017 - either outcome will do
    else:
        assert not list(differences(value, schema.load(record)))


@settings(max_examples=300)
@given(kind=KINDS, value=ANYTHING)
def test_what_is_read_fits(kind: Kind, value: Any) -> None:
    """What a typed channel reads, whoever wrote it, could be written again; the rest raises."""
    try:
        record = codec.encode(value)
    except ChannelError:
        return  # it is nothing that an untyped channel stores
    schema = Schema(kind.form)
    try:
        read = schema.load(record)
    except ChannelValidationError as error:
        assert error.errors  # noqa: PT017 - either outcome will do
    except ChannelTypeError:
        assert isinstance(record, list)
        assert not schema.is_for_lists
    else:
        assert not list(differences(read, schema.load(schema.dump(read))))


@settings(max_examples=200)
@given(one=KINDS, other=KINDS, data=st.data())
def test_a_union_gives_back_what_it_took(one: Kind, other: Kind, data: st.DataObject) -> None:
    """Whatever the members of a union have in common, a value comes back or is refused."""
    try:
        schema = Schema(one.form | other.form if one.form and other.form else one.form)
    except (SchemaError, TypeError):
        return
    value = data.draw(one.values | other.values if one.form and other.form else one.values)
    try:
        record = schema.dump(value)
    except ChannelValidationError as error:
        assert error.errors  # noqa: PT017 - either outcome will do
    else:
        assert not list(differences(value, schema.load(record)))

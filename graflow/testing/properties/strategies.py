"""Hypothesis strategies for keys, values and TTLs."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, timedelta, timezone
from fractions import Fraction
from http import HTTPStatus
from typing import Any

from hypothesis import strategies as st

from graflow.testing.edges.keys import HOSTILE

__all__ = [
    "bad_values",
    "json_values",
    "keys",
    "names",
    "plain_values",
    "steps_of_time",
    "ttls",
    "values",
]

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["$tuple", "$", "1", "null", "[]", "{}", "", "a\0b"]
)
_OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
_ZONES = st.none() | st.just(UTC) | _OFFSETS | st.timezones()

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    _TEXTS,
    st.binary(max_size=8),
    st.datetimes(timezones=_ZONES),
    st.times(timezones=st.none() | st.just(UTC) | _OFFSETS),
    st.dates(),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
)
_HASHABLE = _SCALARS.filter(lambda value: not _is_signal(value))
_DICT_KEYS = _TEXTS | _HASHABLE | st.tuples(_HASHABLE, st.tuples(_HASHABLE))


def _is_signal(value: Any) -> bool:
    """Tell whether a value is a signalling NaN, which can't be hashed."""
    return hasattr(value, "is_snan") and bool(value.is_snan())


values: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(_DICT_KEYS, inner, max_size=3),
        st.sets(_HASHABLE, max_size=3),
        st.frozensets(_HASHABLE | st.tuples(_HASHABLE), max_size=3),
    ),
    max_leaves=8,
)
"""Any value that a channel can store."""

plain_values: st.SearchStrategy[Any] = st.one_of(
    st.integers(-3, 3),
    st.floats(width=16),
    st.sampled_from([None, True, False, "", "text", (), (1,), {}, {"a": [1]}, {1: 2}, b"x", 2**64]),
)
"""A few values of many types, for steps that are about something else."""

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_TEXTS.filter(lambda key: not key.startswith("$")), inner, max_size=3)
    ),
    max_leaves=8,
)
"""Values that plain JSON text can represent."""

_BAD_LEAVES = st.sampled_from(
    [
        object(),
        HTTPStatus.OK,
        1j,
        range(3),
        bytearray(b"x"),
        OrderedDict(a=1),
        Fraction(1, 2),
        "\ud800",
        "a\udfffb",
    ]
)

bad_values: st.SearchStrategy[Any] = st.one_of(
    _BAD_LEAVES,
    st.builds(lambda before, bad: [*before, bad], st.lists(values, max_size=2), _BAD_LEAVES),
    st.builds(lambda before, bad: {"good": before, "bad": (bad,)}, values, _BAD_LEAVES),
    st.builds(lambda good: {frozenset([1]): good}, values),
)
"""Values with exactly one part that a channel refuses."""

keys: st.SearchStrategy[str] = st.sampled_from(["key", "list", "b:c", "c", *HOSTILE.values()]) | (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
)
"""Keys, including hostile ones."""

names: st.SearchStrategy[tuple[str, str]] = st.sampled_from(
    [("a", "a:b"), ("j*", "jzz"), ("x", "x "), ("[ab]", "a"), ("{x}", "x"), ("é", "e\u0301")]
)
"""Pairs of names that a careless backend mistakes for each other."""

ttls: st.SearchStrategy[Any] = st.none() | st.sampled_from(
    [50, 150, 250.0, 50.5, 150.123, timedelta(seconds=250), timedelta(seconds=50, milliseconds=1)]
)
"""Times to live that end about 50 s from any sum of `steps_of_time`."""

steps_of_time: st.SearchStrategy[int] = st.sampled_from([100, 200])
"""Seconds that pass in one step."""

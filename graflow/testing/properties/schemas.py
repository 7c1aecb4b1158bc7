"""Random schemas, values that fit them, and values with one part that does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import GenericAlias
from typing import Any, Generic, NamedTuple, NotRequired, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from typing_extensions import TypedDict

__all__ = ["BadValue", "SchemaSample", "schema_samples"]

T = TypeVar("T")


class Bundle(TypedDict, Generic[T]):
    """A generic schema."""

    item: T
    more: list[T]


class BadValue(NamedTuple):
    """A value with one bad part.

    Attributes:
        value: The value.
        path: The path of the bad part.
    """

    value: Any
    path: str


@dataclass(frozen=True, slots=True)
class SchemaSample:
    """A type, as a schema.

    Attributes:
        form: The type.
        fitting: Values that fit.
        misfits: Values with exactly one part that does not, and its path.
        is_list: Whether a value is stored as a list.
    """

    form: Any
    fitting: st.SearchStrategy[Any]
    misfits: st.SearchStrategy[BadValue]
    is_list: bool = False

    def __repr__(self) -> str:
        return repr(self.form)


class _Odd(str):
    """Text of a subclass of `str`."""

    __slots__ = ()


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(
    ["$", "$set", "NaN", "-Infinity", "null", "[1]"]
)


def _scalar(form: Any, fitting: st.SearchStrategy[Any], *odd: Any) -> SchemaSample:
    return SchemaSample(form, fitting, st.sampled_from(odd).map(lambda value: BadValue(value, "")))


_SCALARS = [
    _scalar(int, st.integers(), "1", 1.0, True, None, [1]),
    _scalar(str, _TEXTS, 1, None, b"x", ["x"], _Odd("x")),
    _scalar(bool, st.booleans(), 0, 1, "true", None),
    _scalar(float, st.floats(), "1.5", True, None, [1.5]),
    _scalar(date, st.dates(), "soon", 5, None, [1]),
    _scalar(timedelta, st.timedeltas(), "x", None, []),
    _scalar(Decimal, st.decimals(allow_nan=False, allow_infinity=False), "x", None, []),
    _scalar(UUID, st.uuids(), "x", 1, None),
]


def _list_of(inner: SchemaSample) -> SchemaSample:
    def broken(before: list[Any], misfit: BadValue, after: list[Any]) -> BadValue:
        return BadValue([*before, misfit.value, *after], f"[{len(before)}]{_inside(misfit)}")

    few = st.lists(inner.fitting, max_size=2)
    return SchemaSample(
        GenericAlias(list, (inner.form,)),
        st.lists(inner.fitting, max_size=3),
        st.builds(broken, few, inner.misfits, few) | st.just(BadValue("no list", "")),
        is_list=True,
    )


def _dict_of(inner: SchemaSample) -> SchemaSample:
    def broken(rest: dict[str, Any], key: str, misfit: BadValue) -> BadValue:
        return BadValue({**rest, key: misfit.value}, f"[{key!r}]{_inside(misfit)}")

    keys = st.text("ab $.", max_size=3) | st.sampled_from(["$set", "NaN"])
    rest = st.dictionaries(keys, inner.fitting, max_size=2)
    return SchemaSample(
        GenericAlias(dict, (str, inner.form)),
        rest,
        st.builds(broken, rest, keys, inner.misfits) | st.just(BadValue("no dict", "")),
    )


def _tuple_of(one: SchemaSample, other: SchemaSample) -> SchemaSample:
    return SchemaSample(
        GenericAlias(tuple, (one.form, other.form)),
        st.tuples(one.fitting, other.fitting),
        st.builds(
            lambda bad, good: BadValue((bad.value, good), f"[0]{_inside(bad)}"),
            one.misfits,
            other.fitting,
        )
        | st.builds(
            lambda good, bad: BadValue((good, bad.value), f"[1]{_inside(bad)}"),
            one.fitting,
            other.misfits,
        ),
    )


def _optional(inner: SchemaSample) -> SchemaSample:
    return SchemaSample(
        inner.form | None,
        inner.fitting | st.none(),
        inner.misfits.filter(lambda misfit: misfit.value is not None),
        inner.is_list,
    )


def _record(fields: dict[str, SchemaSample], optional: bool) -> SchemaSample:
    forms = {name: sample.form for name, sample in fields.items()}
    last = list(fields)[-1]
    if optional:
        of_optional: Any = NotRequired
        forms[last] = of_optional[forms[last]]
    make: Any = TypedDict
    whole = st.fixed_dictionaries({name: sample.fitting for name, sample in fields.items()})
    fitting = whole
    if optional:
        fitting = whole | whole.map(lambda record: _without(record, last))
    ways: list[st.SearchStrategy[BadValue]] = [
        whole.map(lambda record: BadValue({**record, "unknown": 1}, "unknown")),
        st.just(BadValue("no dict", "")),
    ]
    for name, sample in fields.items():
        ways.append(st.builds(_with_bad_field, whole, st.just(name), sample.misfits))
        if not (optional and name == last):
            ways.append(whole.map(lambda record, name=name: BadValue(_without(record, name), name)))  # type: ignore[misc]
    return SchemaSample(make("Record", forms), fitting, st.one_of(ways))


def _box_of(inner: SchemaSample) -> SchemaSample:
    box: Any = Bundle
    record = _record({"item": inner, "more": _list_of(inner)}, optional=False)
    return SchemaSample(box[inner.form], record.fitting, record.misfits)


def _with_bad_field(record: dict[str, Any], name: str, misfit: BadValue) -> BadValue:
    step = misfit.path if misfit.path.startswith("[") or not misfit.path else f".{misfit.path}"
    return BadValue({**record, name: misfit.value}, f"{name}{step}")


def _without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def _inside(misfit: BadValue) -> str:
    """Return the path of a part, as it is appended to the path of what contains it."""
    return f".{misfit.path}" if misfit.path and not misfit.path.startswith("[") else misfit.path


def _union(one: SchemaSample, other: SchemaSample) -> SchemaSample:
    return SchemaSample(
        one.form | other.form, one.fitting | other.fitting, st.just(BadValue(b"neither", ""))
    )


_UNIONS = [_union(_SCALARS[0], _SCALARS[1]), _union(_SCALARS[2], _list_of(_SCALARS[0]))]
_NAMES = st.lists(
    st.sampled_from(["a", "b", "f_1", "item", "name"]), min_size=1, max_size=3, unique=True
)


def _larger(inner: st.SearchStrategy[SchemaSample]) -> st.SearchStrategy[SchemaSample]:
    return st.one_of(
        inner.map(_list_of),
        inner.map(_dict_of),
        st.tuples(inner, inner).map(lambda two: _tuple_of(*two)),
        inner.filter(lambda sample: sample.form not in _UNION_FORMS).map(_optional),
        inner.map(_box_of),
        st.builds(
            lambda names, parts, optional: _record(dict(zip(names, parts, strict=False)), optional),
            _NAMES,
            st.lists(inner, min_size=3, max_size=3),
            st.booleans(),
        ),
    )


_UNION_FORMS = [sample.form for sample in _UNIONS]

schema_samples: st.SearchStrategy[SchemaSample] = st.recursive(
    st.sampled_from(_SCALARS + _UNIONS), _larger, max_leaves=4
)
"""Nested, optional, generic and alternative types."""

"""Differences between two values, including those that `==` overlooks."""

from __future__ import annotations

import dataclasses
import math
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timezone
from decimal import Decimal
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pydantic_core import TzInfo

__all__ = ["NOTHING", "Difference", "Way", "differences", "leaves"]

Way = tuple[Any, ...]
"""The steps from a whole value to a part of it: fields, keys and indexes."""


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = _Absent()
"""Stands for a part that one of two values doesn't have."""


class Difference(NamedTuple):
    """A part in which two values differ.

    Attributes:
        way: The steps from the whole value to the part.
        before: The part in the first value, or `NOTHING`.
        after: The part in the second value, or `NOTHING`.
    """

    way: Way
    before: Any
    after: Any


def differences(before: Any, after: Any, way: Way = ()) -> Iterator[Difference]:
    """Yield the parts in which two values differ, types included.

    An `int` before and an equal `float` after are the same, as an `int` may stand for a `float`
    where a schema asks for one.
    """
    kind = type(before)
    if kind is not type(after):
        if not (kind is int and type(after) is float and before == after):
            yield Difference(way, before, after)
    elif isinstance(before, dict):
        yield from _in_dicts(before, after, way)
    elif isinstance(before, list | tuple | deque):
        yield from _in_sequences(before, after, way)
    elif isinstance(before, set | frozenset):
        yield from _in_keys(dict.fromkeys(before, 0), dict.fromkeys(after, 0), way)
    elif isinstance(before, BaseModel):
        yield from _in_models(before, after, way)
    elif dataclasses.is_dataclass(before) and not isinstance(before, type):
        for field in dataclasses.fields(before):
            mine, other = (getattr(value, field.name, NOTHING) for value in (before, after))
            yield from differences(mine, other, (*way, field.name))
    elif not _is_same_scalar(before, after):
        yield Difference(way, before, after)


def _in_dicts(before: Any, after: Any, way: Way) -> Iterator[Difference]:
    yield from _in_keys(before, after, way)
    for key in before.keys() & after.keys():
        yield from differences(before[key], after[key], (*way, key))
    has_other_factory = (
        isinstance(before, defaultdict) and before.default_factory is not after.default_factory
    )
    has_other_order = isinstance(before, OrderedDict) and list(before) != list(after)
    if has_other_factory or has_other_order:
        yield Difference(way, before, after)


def _in_keys(before: Mapping[Any, Any], after: Mapping[Any, Any], way: Way) -> Iterator[Difference]:
    theirs = {key: key for key in after}
    for key, value in before.items():
        if key not in theirs:
            yield Difference((*way, key), value, NOTHING)
        elif any(differences(key, theirs[key])):
            yield Difference((*way, key), key, theirs[key])
    for key in theirs:
        if key not in before:
            yield Difference((*way, key), NOTHING, after[key])


def _in_sequences(before: Any, after: Any, way: Way) -> Iterator[Difference]:
    if len(before) != len(after) or getattr(before, "maxlen", 0) != getattr(after, "maxlen", 0):
        yield Difference(way, before, after)
        return
    for i, (mine, other) in enumerate(zip(before, after, strict=True)):
        yield from differences(mine, other, (*way, i))


def _in_models(before: Any, after: Any, way: Way) -> Iterator[Difference]:
    if "root" in type(before).model_fields and before.__pydantic_root_model__:
        yield from differences(before.root, after.root, way)
    else:
        for name in type(before).model_fields:
            mine, other = (value.__dict__.get(name, NOTHING) for value in (before, after))
            yield from differences(mine, other, (*way, name))
    for hidden in ("__pydantic_extra__", "__pydantic_private__"):
        mine, other = getattr(before, hidden, None), getattr(after, hidden, None)
        yield from differences(mine or {}, other or {}, way)


def _is_same_scalar(before: Any, after: Any) -> bool:
    if before is after:
        return True
    if isinstance(before, float):
        same_sign = math.copysign(1, before) == math.copysign(1, after)
        return (before == after and same_sign) or (before != before and after != after)
    if isinstance(before, Decimal):
        return str(before) == str(after)
    try:
        is_equal = bool(before == after)
    except (TypeError, ValueError):
        return False
    if isinstance(before, datetime | time):
        return is_equal and before.fold == after.fold and _zone(before) == _zone(after)
    return is_equal


def _zone(moment: datetime | time) -> tuple[object, str]:
    """Return the identity of a moment's zone; fixed offsets are the same in any class."""
    zone = moment.tzinfo
    if isinstance(zone, timezone | TzInfo):
        return timezone, repr(zone.utcoffset(None))
    return type(zone), repr(zone)


def leaves(value: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Yield the scalars that a value is made of, keys included, each with the way to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield (*way, key), key
            yield from leaves(item, (*way, key))
    elif isinstance(value, list | tuple | deque | set | frozenset):
        for i, item in enumerate(value):
            yield from leaves(item, (*way, i))
    elif isinstance(value, BaseModel) or dataclasses.is_dataclass(value):
        for name, item in vars(value).items():
            yield from leaves(item, (*way, name))
    else:
        yield way, value

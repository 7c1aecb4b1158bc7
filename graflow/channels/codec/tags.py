r"""The types that JSON lacks, as tagged JSON and back.

    (1, 2)                  {"$tuple": [1, 2]}
    {1: "a"}                {"$dict": [[1, "a"]]}
    {"$ref": 1}             {"$dict": [["$ref", 1]]}    a user's dict that looks like a tag
    float("nan")            {"$float": "nan"}
    b"\0"                    {"$bytes": "AA=="}
    datetime(2026, 1, 2)    {"$datetime": "2026-01-02T00:00:00"}

Only exact types are taken, for an instance of a subclass would not come back as itself.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import isfinite
from types import NoneType
from typing import Any, Final, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

from graflow.channels.codec.collisions import collides
from graflow.channels.codec.reprs import short_repr
from graflow.channels.codec.stand_ins import is_stand_in
from graflow.exceptions import ChannelError, ChannelTypeError, ChannelValueError

__all__ = ["MAX_DEPTH", "MAX_PLAIN", "tag", "untag"]

MAX_DEPTH: Final = 200
"""How many arrays and objects of the JSON text may lie inside each other.

A list or a dict with text keys is one of them, a tuple or set is two, any other dict three.
"""

MAX_PLAIN: Final = 1 << 14_000
"""What an int has to be smaller than, and larger than its opposite, to be stored in digits.

It has fewer than the 4,300 that a JSON parser reads. And the digits of an int of a million
bits take seconds to find.
"""

_MAX_STEPS_SHOWN = 20  # of a path in an error message

Parents = tuple[int, ...]
"""The `id` of each container around a value, as often as it makes a level of the text."""


class _Refused(Exception):
    """A part of a value can't be stored; on its way up it gathers the path, innermost first."""

    def __init__(self, kind: type[ChannelError], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.path: list[str] = []


def tag(value: object) -> Any:
    """Return `value` as JSON data in which tagged objects stand for the richer types.

    Raises:
        ChannelTypeError: A part of it is of a type that can't be stored.
        ChannelValueError: It is nested too deep, contains itself, or holds a lone surrogate.
    """
    try:
        return _tag(value, ())
    except _Refused as refused:
        steps = refused.path[::-1]
        if len(steps) > _MAX_STEPS_SHOWN:
            steps[_MAX_STEPS_SHOWN // 2 : -_MAX_STEPS_SHOWN // 2] = [" ... "]
        raise refused.kind(f"value{''.join(steps)} {refused.reason}") from refused.__cause__


def untag(data: Any) -> Any:
    """Return the value that `tag` made `data` from.

    Raises:
        LookupError, TypeError, ValueError, ArithmeticError, AttributeError: `tag` did not make it.
    """
    if type(data) is list:
        return [untag(item) for item in data]
    if type(data) is not dict:
        return data
    if len(data) == 1:
        ((name, content),) = data.items()
        if name.startswith("$"):
            return _UNTAG[name](content)
    return {key: untag(item) for key, item in data.items()}


def _tag(value: object, parents: Parents) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if kind not in _CONTAINERS:
        if is_stand_in(value):
            return _tag(kind.__stored__(value), parents)  # type: ignore[attr-defined]
        _refuse_type(kind)
    if id(value) in parents:
        raise _Refused(ChannelValueError, "contains itself")
    return _CONTAINERS[kind](value, parents)


def _within(value: object, levels: int, parents: Parents) -> Parents:
    """Return the parents of what `value` contains, if they are not too many."""
    if len(parents) + levels > MAX_DEPTH:
        raise _Refused(
            ChannelValueError, f"is nested too deep: a channel stores {MAX_DEPTH} levels of JSON"
        )
    return parents + (id(value),) * levels


def _refuse_type(kind: type) -> NoReturn:
    raise _Refused(
        ChannelTypeError,
        f"is of type {_name(kind)}, which an untyped channel can't store; use a typed channel "
        "(get_typed_channel) with a schema for it, or convert it to plain data first",
    )


def _name(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


# Scalars


def _unchanged(value: object) -> object:
    return value


def _tag_str(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _Refused(
            ChannelValueError,
            f"holds a lone surrogate ({value[error.start]!a}), which UTF-8 can't encode",
        ) from error
    return value


def _tag_int(value: int) -> Any:
    return value if -MAX_PLAIN < value < MAX_PLAIN else {"$int": hex(value)}


def _tag_float(value: float) -> Any:
    return value if isfinite(value) else {"$float": repr(value)}


def _tag_datetime(value: datetime) -> Any:
    return {"$datetime": _tag_moment(value)}


def _tag_time(value: time) -> Any:
    return {"$time": _tag_moment(value)}


def _tag_moment(value: datetime | time) -> Any:
    """Return ISO 8601 text where it says all, else an object with zone, name and fold."""
    zone = value.tzinfo
    if zone is None:
        more: dict[str, Any] = {}
    elif type(zone) is ZoneInfo and zone.key is not None:
        more = {"zone": zone.key}
    elif type(zone) is timezone:
        offset, *label = zone.__getinitargs__()  # type: ignore[attr-defined]
        if not label and not value.fold:
            return value.isoformat()
        more = {"offset": _span(offset), "label": label}
    else:
        raise _Refused(
            ChannelTypeError,
            f"has a time zone of type {_name(type(zone))}; use a ZoneInfo made from its key, or a "
            "datetime.timezone",
        )
    if value.fold:
        more["fold"] = 1
    at = value.replace(tzinfo=None, fold=0).isoformat()
    return {"at": at, **more} if more else at


def _untag_moment(kind: type[datetime] | type[time], content: Any) -> datetime | time:
    if type(content) is str:
        return kind.fromisoformat(content)
    zone: ZoneInfo | timezone | None = None
    if "zone" in content:
        zone = ZoneInfo(content["zone"])
    elif "offset" in content:
        zone = timezone(timedelta(*content["offset"]), *content["label"])
    at = kind.fromisoformat(content["at"])
    return at.replace(tzinfo=zone, fold=content.get("fold", 0))


def _span(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


_SCALARS: dict[type, Callable[[Any], Any]] = {
    NoneType: _unchanged,
    bool: _unchanged,
    str: _tag_str,
    int: _tag_int,
    float: _tag_float,
    bytes: lambda value: {"$bytes": b64encode(value).decode()},
    datetime: _tag_datetime,
    time: _tag_time,
    date: lambda value: {"$date": value.isoformat()},
    timedelta: lambda value: {"$timedelta": _span(value)},
    Decimal: lambda value: {"$decimal": str(value)},
    UUID: lambda value: {"$uuid": str(value)},
}


# Containers


def _tag_all(items: Collection[Any], parents: Parents, step: Callable[[int], str]) -> list[Any]:
    """Tag every item; `step` gives the path of the item that stands at an index."""
    done: list[Any] = []
    try:
        for item in items:
            done.append(_tag(item, parents))  # noqa: PERF401 (its length tells where it failed)
    except _Refused as refused:
        refused.path.append(step(len(done)))
        raise
    return done


def _tag_list(value: list[Any], parents: Parents) -> list[Any]:
    return _tag_all(value, _within(value, 1, parents), lambda i: f"[{i}]")


def _tag_tuple(value: tuple[Any, ...], parents: Parents) -> Any:
    return {"$tuple": _tag_all(value, _within(value, 2, parents), lambda i: f"[{i}]")}


def _tag_set(value: set[Any] | frozenset[Any], parents: Parents) -> Any:
    _check_hashes(value)
    items = _tag_all(value, _within(value, 2, parents), lambda i: " (an element of the set)")
    return {"$set" if type(value) is set else "$frozenset": items}


def _tag_dict(value: dict[Any, Any], parents: Parents) -> Any:
    names = list(value)
    looks_like_tag = len(names) == 1 and type(names[0]) is str and names[0].startswith("$")
    plain = not looks_like_tag and all(type(name) is str for name in names)
    inside = _within(value, 1 if plain else 3, parents)
    for name in names:
        _check_dict_key(name)
    if not plain:
        _check_hashes(names)
    keys = _tag_all(names, inside, lambda i: f" (the key {short_repr(names[i])})")
    items = _tag_all(value.values(), inside, lambda i: f"[{short_repr(names[i])}]")
    if plain:
        return dict(zip(keys, items, strict=True))
    return {"$dict": [list(pair) for pair in zip(keys, items, strict=True)]}


def _check_hashes(elements: Collection[Any]) -> None:
    if collides(elements):
        raise _Refused(ChannelValueError, "has too many elements or keys with the same hash")


def _check_dict_key(key: object) -> None:
    """Refuse a key that is neither a scalar nor a tuple of scalars."""
    if type(key) is tuple:
        for part in key:
            _check_dict_key(part)
    elif type(key) not in _SCALARS and not is_stand_in(key):
        raise _Refused(
            ChannelTypeError,
            f"has a key of type {_name(type(key))}; the keys of a dict can be scalars and tuples "
            "of them",
        )


_CONTAINERS: dict[type, Callable[[Any, Parents], Any]] = {
    list: _tag_list,
    tuple: _tag_tuple,
    set: _tag_set,
    frozenset: _tag_set,
    dict: _tag_dict,
}


def _untag_elements(content: Any) -> list[Any]:
    """Return the elements of a set, or the keys of a dict, that `_check_hashes` lets through."""
    elements = [untag(element) for element in content]
    if collides(elements):
        raise ValueError("too many elements or keys have the same hash")
    return elements


def _untag_dict(content: Any) -> dict[Any, Any]:
    keys = _untag_elements([key for key, _ in content])
    return dict(zip(keys, [untag(item) for _, item in content], strict=True))


_UNTAG: dict[str, Callable[[Any], Any]] = {
    "$int": lambda content: int(content, 16),
    "$float": float,
    "$bytes": lambda content: b64decode(content, validate=True),
    "$datetime": lambda content: _untag_moment(datetime, content),
    "$time": lambda content: _untag_moment(time, content),
    "$date": date.fromisoformat,
    "$timedelta": lambda content: timedelta(*content),
    "$decimal": Decimal,
    "$uuid": UUID,
    "$tuple": lambda content: tuple(map(untag, content)),
    "$set": lambda content: set(_untag_elements(content)),
    "$frozenset": lambda content: frozenset(_untag_elements(content)),
    "$dict": _untag_dict,
}

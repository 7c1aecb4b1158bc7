"""Lossless text for `datetime` and `time`.

The text is ISO 8601, as pydantic writes it. For a `datetime` in a `ZoneInfo` zone it also names
the zone, as in RFC 9557: `2026-10-25T02:30:00+01:00[Europe/Berlin]`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic_core import (
    CoreSchema,
    PydanticCustomError,
    PydanticSerializationUnexpectedValue,
    TzInfo,
)
from pydantic_core import core_schema as build

__all__ = ["EXACT", "exact_datetime", "exact_time"]

EXACT: Final = "graflow_exact"
"""In a node's metadata: the node itself refuses instances of subclasses."""

_NO_LIMITS = {"type", "ref", "metadata", "serialization", "microseconds_precision", "strict"}
_MINUTE = timedelta(minutes=1)


def exact_datetime(schema: Any) -> CoreSchema:
    """Return a schema of `datetime` that keeps its zone and refuses what text would lose."""
    unlimited: Any = {key: schema[key] for key in schema if key in {"type", "strict"}}
    read: CoreSchema = build.union_schema(
        [
            build.no_info_after_validator_function(_with_plain_zone, unlimited),
            build.no_info_after_validator_function(_in_zone, build.str_schema(pattern=r"\]$")),
        ],
        mode="left_to_right",
        custom_error_type="datetime_type",
    )
    if schema.keys() - _NO_LIMITS:
        read = build.chain_schema([read, _bare(schema)])
    write = build.plain_serializer_function_ser_schema(_naming_the_zone, when_used="json")
    return _checked_in_python(schema, read, schema.get("serialization", write))


def exact_time(schema: Any) -> CoreSchema:
    """Return a schema of `time` that refuses what text would lose."""
    read = build.no_info_after_validator_function(_with_plain_zone, _bare(schema))
    return _checked_in_python(schema, read, schema.get("serialization"))


def _checked_in_python(schema: Any, read: CoreSchema, serialization: Any) -> CoreSchema:
    return build.json_or_python_schema(
        read,
        build.no_info_after_validator_function(_checked, _bare(schema)),
        ref=schema.get("ref"),
        metadata={EXACT: True},
        serialization=serialization,
    )


def _bare(schema: Any) -> Any:
    return {key: schema[key] for key in schema if key not in {"ref", "serialization"}}


def _checked(value: Any) -> Any:
    zone = value.tzinfo
    if type(value) is not datetime and type(value) is not time:
        raise _refusal("Input should not be an instance of a subclass")
    if type(zone) is ZoneInfo and type(value) is datetime:
        if not _is_exact_in_zone(value, zone):
            raise _refusal("Input should not have a fold, as its zone does not repeat that time")
    elif zone is not None and not _is_fixed(zone):
        raise _refusal("Input should be naive, in UTC, or at an offset of whole minutes")
    elif value.fold:
        raise _refusal("Input should not have a fold, which its text would lose")
    return value


def _refusal(message: Any) -> PydanticCustomError:
    return PydanticCustomError("inexact_moment", message)


def _is_exact_in_zone(value: datetime, zone: ZoneInfo) -> bool:
    if not zone.key:
        return False
    try:
        back = _in_zone(_naming_the_zone(value))
    except (ValueError, OverflowError):
        return False
    return back.replace(tzinfo=None) == value.replace(tzinfo=None) and back.fold == value.fold


def _is_fixed(zone: tzinfo) -> bool:
    """Tell whether an offset in ISO 8601 text says all there is to say about `zone`."""
    if type(zone) is not timezone and type(zone) is not TzInfo:
        return False
    offset: Any = zone.utcoffset(None)
    has_name = type(zone) is timezone and zone.tzname(None) != timezone(offset).tzname(None)
    return not has_name and not offset % _MINUTE


def _naming_the_zone(value: Any) -> Any:
    if type(value) is not datetime:
        raise PydanticSerializationUnexpectedValue("not a datetime")  # a union tries the next
    if type(value.tzinfo) is ZoneInfo:
        return f"{value.isoformat()}[{value.tzinfo.key}]"
    return value


def _in_zone(text: str) -> datetime:
    at, _, key = text.removesuffix("]").partition("[")
    stated = datetime.fromisoformat(at)
    try:
        zone = ZoneInfo(key)
    except (KeyError, OSError) as error:
        raise ValueError(f"this machine does not know the time zone {key!r}") from error
    for fold in (0, 1):
        value = stated.replace(tzinfo=zone, fold=fold)
        if value.utcoffset() == stated.utcoffset():
            return value
    raise ValueError(f"the zone {key} is not at that offset at that time")


def _with_plain_zone(value: Any) -> Any:
    """Return `value` with the standard library's `timezone` in place of pydantic's."""
    zone = value.tzinfo
    return value if zone is None else value.replace(tzinfo=_plain_zone(zone))


@lru_cache(maxsize=256)
def _plain_zone(zone: tzinfo) -> tzinfo:
    offset = zone.utcoffset(None)
    return zone if offset is None else timezone(offset)

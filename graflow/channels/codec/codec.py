"""Values to bytes and back, without loss.

Plain JSON values become plain JSON text. Each richer type becomes an object whose only key
starts with `$` and names the type (see `graflow.channels.codec.tags`), in the manner of MongoDB
Extended JSON. So text without a `$` is plain JSON as it stands. A list is kept as its encoded
items, so that a backend can add to it at either end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from contextlib import suppress
from math import isfinite
from types import NoneType
from typing import Any

from pydantic_core import PydanticSerializationError, SchemaSerializer, from_json, to_json
from pydantic_core.core_schema import any_schema

from graflow.channels.codec.tags import MAX_DEPTH, MAX_PLAIN, tag, untag
from graflow.exceptions import ChannelDataError, ChannelError, ChannelValueError

__all__ = [
    "MAX_DEPTH",
    "Record",
    "decode",
    "encode",
    "encode_item",
    "pack_json",
    "pack_json_item",
    "unpack_json",
]

Record = bytes | list[bytes]
"""What a key holds: one encoded value, or the encoded items of a list."""

_simple_to_json = SchemaSerializer(any_schema()).to_json  # with fewer options to look at
_SIMPLE = frozenset({str, bool, NoneType})
_LOW, _HIGH = -MAX_PLAIN, MAX_PLAIN  # an int between them is simple, too
_DOLLAR, _LETTER_I, _LETTER_N = b"$IN"
_NOT_FINITE = re.compile(rb"NaN|Infinity")
_MAX_DIGITS = 4300  # of a number that the JSON parser reads
_DIGITS = b"-0123456789"  # before pydantic 2.14 the parser counts the sign as well


# What pydantic-core makes at its first use is made under a lock, for which a process would wait for
# ever that was forked in that moment.
from_json(to_json([None, True, 0, 0.5, "text", {}]))


def encode(value: object) -> Record:
    """Return what a channel stores for `value`.

    Raises:
        ChannelTypeError: A part of it is of a type that can't be stored; the message has its
            path.
        ChannelValueError: It is nested too deep, contains itself, or holds a lone surrogate.
    """
    if type(value) is dict:
        # What most values are, a dict of simple ones, takes no further call.
        for key, item in value.items():
            if type(key) is not str:
                break
            if type(item) is str or item is None or item is True or item is False:
                continue
            if not (type(item) is int and _LOW < item < _HIGH):
                break
        else:
            try:
                text = _simple_to_json(value)
                if _DOLLAR not in text:
                    return text
            except PydanticSerializationError:
                pass  # a lone surrogate; `tag` tells where
        return encode_item(value)
    return _encode_list(value) if type(value) is list else encode_item(value)


def _encode_list(value: list[Any]) -> list[bytes]:
    try:
        return [encode_item(item) for item in value]
    except ChannelError:
        tag(value)  # raises too, with the path inside the whole list
        raise


def encode_item(value: object) -> bytes:
    """Return the bytes that a channel stores for an item of a list; raises as `encode`."""
    if _is_plain(value, MAX_DEPTH - 1):
        try:
            return _written(value)
        except PydanticSerializationError:
            pass  # a lone surrogate; `tag` tells where
    return _written(tag(value))


def decode(record: Record) -> Any:
    """Return the value that `record` was made from.

    Raises:
        ChannelDataError: It is not something that graflow wrote.
    """
    try:
        if isinstance(record, bytes):
            value = from_json(record)
            return untag(value) if _DOLLAR in record else value
        return [untag(from_json(item)) if _DOLLAR in item else from_json(item) for item in record]
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise ChannelDataError(f"the stored text was not written by graflow: {error}") from error


def pack_json(text: bytes) -> Record:
    """Return what a channel stores for the JSON text that a schema's serializer made.

    Args:
        text: JSON, in which `NaN`, `Infinity` and `-Infinity` may stand for floats.

    Raises:
        ChannelValueError: It is nested too deep, or holds an int of more than 4,300 digits
            (with pydantic before 2.14, of more than 4,299 below zero).
    """
    if text.startswith(b"["):
        return [encode_item(item) for item in _parse(text)]
    return pack_json_item(text)


def pack_json_item(text: bytes) -> bytes:
    """Return what a channel stores for JSON text as an item of a list; raises as `pack_json`."""
    if _DOLLAR in text or ((_LETTER_N in text or _LETTER_I in text) and _NOT_FINITE.search(text)):
        return encode_item(_parse(text))
    if len(text) > _MAX_DIGITS and _has_long_number(text):
        _parse(text)
    return text


def unpack_json(record: Record) -> bytes | None:
    """Return the JSON text of a record if its data has the shape of JSON, else `None`.

    In the text `NaN`, `Infinity` and `-Infinity` stand for floats, and a dict that looks like
    a tag stands as it is.

    Raises:
        ChannelDataError: It is not something that graflow wrote.
    """
    if isinstance(record, bytes) and _DOLLAR not in record:
        return record
    value = decode(record)
    return _written(value) if _has_shape_of_json(value) else None


def _written(value: Any) -> bytes:
    """Return the JSON text of what JSON can carry, up to `MAX_DEPTH` levels of it."""
    try:
        return to_json(value)
    except PydanticSerializationError:  # in WebAssembly, pydantic writes no more than 49 levels
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        with suppress(UnicodeEncodeError):  # at a lone surrogate
            return text.encode()
        raise


def _parse(text: bytes) -> Any:
    try:
        return from_json(text)
    except ValueError as error:
        raise ChannelValueError(f"the value can't be stored as JSON: {error}") from error


def _has_long_number(text: bytes) -> bool:
    """Tell whether there are more digits in a row than every JSON parser of pydantic's reads.

    So many reach over one of the places that are looked at, which lie as far apart.
    """
    for i in range(_MAX_DIGITS, len(text), _MAX_DIGITS + 1):
        if text[i] in _DIGITS:
            left, right = text[i - _MAX_DIGITS : i], text[i : i + _MAX_DIGITS + 1]
            digits_left = len(left) - len(left.rstrip(_DIGITS))
            digits_right = len(right) - len(right.lstrip(_DIGITS))
            if digits_left + digits_right > _MAX_DIGITS:
                return True
    return False


def _is_plain(value: Any, depth: int) -> bool:
    """Tell whether JSON text alone carries `value`, with `depth` levels inside it at the most."""
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return False
        return (len(value) != 1 or not key.startswith("$")) and _are_plain(value.values(), depth)
    if kind is list:
        return _are_plain(value, depth)
    if kind is int:
        return bool(_LOW < value < _HIGH)
    return kind in _SIMPLE or (kind is float and isfinite(value))


def _are_plain(items: Collection[Any], depth: int) -> bool:
    for item in items:
        kind = type(item)
        if kind in _SIMPLE or (kind is int and _LOW < item < _HIGH):
            continue
        if not (depth and _is_plain(item, depth - 1)):
            return False
    return True


def _has_shape_of_json(value: object) -> bool:
    """Tell whether `value` consists of scalars, lists and dicts with text keys alone.

    An int that a JSON parser can't read does not count as one.
    """
    if isinstance(value, dict):
        return all(type(key) is str and _has_shape_of_json(value[key]) for key in value)
    if type(value) is list:
        return all(map(_has_shape_of_json, value))
    if type(value) is int:
        return _LOW < value < _HIGH
    return type(value) in _SIMPLE or type(value) is float

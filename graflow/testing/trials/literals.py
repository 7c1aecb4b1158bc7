"""Python expressions for values, so that a failing example can be pasted into a prompt."""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import zoneinfo
from collections import OrderedDict
from itertools import groupby
from typing import Any

__all__ = ["IMPORTS", "expression"]

IMPORTS = "import collections, datetime, decimal, fractions, http, uuid, zoneinfo"
"""The imports that the expressions need."""

_LONG = 100  # characters of a text that is abbreviated, and of which one is repeated as often


def expression(value: Any) -> str:
    """Return an expression that evaluates to `value`."""
    kind = type(value)
    if kind is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if kind is str and len(value) > _LONG:
        return _abbreviated(value)
    if kind is int:
        return repr(value) if value.bit_length() < 1000 else hex(value)
    if kind is list:
        return f"[{_all(value)}]"
    if kind is tuple:
        return f"({_all(value)},)" if len(value) == 1 else f"({_all(value)})"
    if kind is set or kind is frozenset:
        return f"{kind.__name__}([{_all(value)}])"
    if kind is dict:
        pairs = (f"{expression(key)}: {expression(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    return _rarer(value)


def _abbreviated(text: str) -> str:
    """Return an expression with one character for many that follow each other."""
    terms: list[str] = []
    rest = ""
    for character, run in groupby(text):
        count = len(list(run))
        if count <= _LONG:
            rest += character * count
            continue
        terms += [repr(rest)] * bool(rest) + [f"{character!r} * {count}"]
        rest = ""
    return " + ".join([*terms, *[repr(rest)] * bool(rest)])


def _all(values: Any) -> str:
    return ", ".join(map(expression, values))


def _rarer(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return f"{type(value).__module__}.{value}"
    if isinstance(value, OrderedDict):
        return f"collections.OrderedDict({expression(dict(value))})"
    if isinstance(value, decimal.Decimal) or type(value).__module__ in {"uuid", "fractions"}:
        return f"{type(value).__module__}.{value!r}"
    if isinstance(value, datetime.datetime | datetime.time) and isinstance(
        value.tzinfo, zoneinfo.ZoneInfo
    ):
        bare = repr(value.replace(tzinfo=None))
        return f"{bare[:-1]}, tzinfo=zoneinfo.ZoneInfo({value.tzinfo.key!r}))"
    if type(value) is object:
        return "object()"
    return repr(value)

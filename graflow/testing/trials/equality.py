"""Equality of values and of their types, all the way down."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, Final

__all__ = ["fingerprint", "same", "scribble"]

_PLAIN: Final = frozenset({bool, int, str, bytes, type(None)})
"""Types whose values are the same if they are equal."""


def same(one: object, other: object, *, in_order: bool = True) -> bool:
    """Tell whether two values are equal and of the same types, unlike `1`, `True` and `1.0`.

    Args:
        one: A value.
        other: Another one.
        in_order: Whether the order of a dict's keys matters.
    """
    kind = type(one)
    if kind is type(other):  # what is asked for most often, and needs no fingerprints
        if kind in _PLAIN:
            return one == other
        if isinstance(one, tuple) and isinstance(other, tuple):
            parts = zip(one, other, strict=False)
            return len(one) == len(other) and all(same(*pair, in_order=in_order) for pair in parts)
    return fingerprint(one, in_order=in_order) == fingerprint(other, in_order=in_order)


def fingerprint(value: object, *, in_order: bool = True) -> Hashable:
    """Return something hashable that is equal for the same values, and only for those.

    It distinguishes types, the sign of zero, the digits of a `Decimal`, the zone and the fold of a
    time and, if asked to, the order of a dict. All NaNs are the same.
    """
    part = partial(fingerprint, in_order=in_order)
    kind = type(value)
    name = kind.__qualname__
    if isinstance(value, int):
        return name, hex(value)  # the length of decimal text is limited
    if isinstance(value, float):
        return name, value.hex()
    if isinstance(value, Decimal):
        return name, str(value)
    if isinstance(value, datetime | time):
        return name, type(value.tzinfo).__qualname__, repr(value)
    if isinstance(value, list | tuple):
        return name, tuple(map(part, value))
    if isinstance(value, set | frozenset):
        return name, tuple(sorted(map(repr, map(part, value))))
    if isinstance(value, dict):
        pairs = [(part(key), part(item)) for key, item in value.items()]
        return name, tuple(pairs if in_order else sorted(pairs, key=repr))
    return name, repr(value) if getattr(kind, "__hash__", None) is None else value


def scribble(value: Any) -> None:
    """Change everything that can be changed in a value, as its owner may."""
    if isinstance(value, dict):
        for item in value.values():
            scribble(item)
        value["scribbled"] = "over"
    elif isinstance(value, list | tuple):
        for item in value:
            scribble(item)
        if isinstance(value, list):
            value.append("scribbled over")
    elif isinstance(value, set):
        value.add("scribbled over")

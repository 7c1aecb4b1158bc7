"""Dataclasses as JSON and back: lists of their fields, checked when they are read.

A class of a union has a `tag`, which is the first item of the list. This is the one place where a
value of any type is handled; whoever asks for a type gets it, or a `ValueError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["decoded", "encoded"]

T = TypeVar("T")

_Reader = Callable[[Any], Any]
_PLAIN: Final = {str, int, bool, NoneType}


def encoded(value: object) -> str:
    """Return a value as JSON: a dataclass, text, number, or lists and dictionaries of them."""
    return json.dumps(value, separators=(",", ":"), default=_items)


def _items(value: object) -> Any:
    kind: Any = type(value)
    return _getter(kind)(value)


@cache
def _getter(kind: Any) -> Callable[[object], Any]:
    """Return what makes a tuple of the fields of an instance."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind} has no form in JSON")
    names = [*(["tag"] if hasattr(kind, "tag") else []), *(each.name for each in fields(kind))]
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


def decoded(text: str | bytes, kind: type[T]) -> T:
    """Return what `encoded` has made of an instance of a type.

    Args:
        text: The JSON.
        kind: A dataclass.

    Raises:
        ValueError: It is no JSON, or not of such an instance.
    """
    hint: Any = kind
    found: T = _reader(hint)(json.loads(text))
    return found


@cache
def _reader(hint: Any) -> _Reader:
    """Return what checks and converts a value for a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _plain({hint})
    if origin is Literal:
        return _literal(frozenset(arguments))
    if origin in {Union, UnionType}:
        return _union(arguments)
    if origin is list:
        return _list(_later(arguments[0]))
    if origin is dict:
        return _dict(_later(arguments[1]))
    if origin is tuple and arguments[-1] is Ellipsis:
        read = _list(_later(arguments[0]))
        return lambda raw: tuple(read(raw))
    if origin is tuple:
        return _fields(tuple, None, lambda: arguments)
    hints = cache(lambda: [get_type_hints(hint)[each.name] for each in fields(hint)])
    return _fields(lambda values: hint(*values), getattr(hint, "tag", None), hints)


def _later(hint: Any) -> _Reader:
    """Return a reader that is made when it is needed, for a type may hold itself."""
    found: list[_Reader] = []

    def read(raw: Any) -> Any:
        if not found:
            found.append(_reader(hint))
        return found[0](raw)

    return read


def _plain(kinds: set[type]) -> _Reader:
    def read(raw: Any) -> Any:
        if raw.__class__ not in kinds:
            raise ValueError(f"not one of {kinds}: {raw!r}")
        return raw

    return read


def _literal(values: frozenset[object]) -> _Reader:
    def read(raw: Any) -> Any:
        if raw.__class__ is not str or raw not in values:
            raise ValueError(f"not one of {values}: {raw!r}")
        return raw

    return read


def _list(item: _Reader) -> _Reader:
    def read(raw: Any) -> Any:
        if raw.__class__ is not list:
            raise ValueError(f"no list: {raw!r}")
        return [item(each) for each in raw]

    return read


def _dict(item: _Reader) -> _Reader:
    def read(raw: Any) -> Any:
        if raw.__class__ is not dict:
            raise ValueError(f"no dictionary: {raw!r}")
        return {key: item(value) for key, value in raw.items()}

    return read


def _fields(make: Callable[[list[Any]], Any], tag: str | None, hints: Callable[[], Any]) -> _Reader:
    """Return a reader of a list with an item for each of some types, perhaps behind a tag."""
    readers: list[_Reader] = []

    def read(raw: Any) -> Any:
        if not readers:
            readers.extend([_literal(frozenset({tag}))] if tag is not None else [])
            readers.extend(map(_reader, hints()))
        if raw.__class__ is not list or len(raw) != len(readers):
            raise ValueError(f"no list of {len(readers)}: {raw!r}")
        values = [reader(each) for reader, each in zip(readers, raw, strict=True)]
        return make(values if tag is None else values[1:])

    return read


def _union(kinds: tuple[Any, ...]) -> _Reader:
    """Return a reader of one of some types: plain ones, tagged ones, and at most one other."""
    plain = {kind for kind in kinds if kind in _PLAIN}
    tagged = {kind.tag: _later(kind) for kind in kinds if hasattr(kind, "tag")}
    others = [_later(kind) for kind in kinds if kind not in _PLAIN and not hasattr(kind, "tag")]

    def read(raw: Any) -> Any:
        if raw.__class__ in plain:
            return raw
        if others:
            return others[0](raw)
        tag = raw[0] if raw.__class__ is list and raw else None
        if tag.__class__ is not str or tag not in tagged:
            raise ValueError(f"none of {kinds}: {raw!r}")
        return tagged[tag](raw)

    return read

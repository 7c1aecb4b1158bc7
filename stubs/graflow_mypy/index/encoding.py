"""Dataclasses as JSON and back: lists of their fields, checked when they are read.

A class of a union has a `tag`, which is the first item of the list. This is the one place where a
value of any type is handled; whoever asks for a type gets it, or a `ValueError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
    # Nothing here holds itself, and not to look for it saves a quarter of the time.
    return json.dumps(value, separators=(",", ":"), check_circular=False, default=_items)


def _items(value: object) -> Any:
    get = _GETTERS.get(value.__class__)
    if get is None:
        get = _GETTERS[value.__class__] = _getter(value.__class__)
    return get(value)


_GETTERS: Final[dict[type, Callable[[object], Any]]] = {}


def _getter(kind: type) -> Callable[[object], Any]:
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
        return _list(arguments[0])
    if origin is dict:
        return _dict(arguments[1])
    if origin is tuple and arguments[-1] is Ellipsis:
        read = _list(arguments[0])
        return lambda raw: tuple(read(raw))
    if origin is tuple:
        return _items_of(lambda *items: items, 0, lambda: arguments)
    is_tagged = hasattr(hint, "tag")  # which the union has looked at
    return _items_of(hint, int(is_tagged), lambda: _hints(hint))


def _hints(kind: Any) -> list[Any]:
    hints = get_type_hints(kind)
    return [hints[each.name] for each in fields(kind)]


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


def _list(hint: Any) -> _Reader:
    def read(raw: Any) -> Any:
        if raw.__class__ is not list:
            raise ValueError(f"no list: {raw!r}")
        item = _reader(hint)
        return [item(each) for each in raw]

    return read


def _dict(hint: Any) -> _Reader:
    def read(raw: Any) -> Any:
        if raw.__class__ is not dict:
            raise ValueError(f"no dictionary: {raw!r}")
        item = _reader(hint)
        return {key: item(value) for key, value in raw.items()}

    return read


def _items_of(
    make: Callable[..., object], skipped: int, hints: Callable[[], Sequence[Any]]
) -> _Reader:
    """Return a reader of a list with an item for each of some types, behind what is skipped."""
    readers: list[_Reader] = []  # made when they are needed, for a type may hold itself

    def read(raw: Any) -> Any:
        if not readers:
            readers.extend([_as_it_is] * skipped)
            readers.extend(map(_reader, hints()))
        if raw.__class__ is not list or len(raw) != len(readers):
            raise ValueError(f"no list of {len(readers)}: {raw!r}")
        items = [reader(each) for reader, each in zip(readers, raw, strict=True)]
        return make(*items[skipped:])

    return read


def _as_it_is(raw: Any) -> Any:
    return raw


def _union(kinds: tuple[Any, ...]) -> _Reader:
    """Return a reader of one of some types: plain ones, tagged ones, and at most one other."""
    plain = {kind for kind in kinds if kind in _PLAIN}
    tagged = {kind.tag: _reader(kind) for kind in kinds if hasattr(kind, "tag")}
    others = [kind for kind in kinds if kind not in _PLAIN and not hasattr(kind, "tag")]
    other = _reader(others[0]) if others else None

    def read(raw: Any) -> Any:
        if raw.__class__ is list and raw and raw[0].__class__ is str and raw[0] in tagged:
            return tagged[raw[0]](raw)
        if raw.__class__ in plain:
            return raw
        if other is None:
            raise ValueError(f"none of {kinds}: {raw!r}")
        return other(raw)

    return read

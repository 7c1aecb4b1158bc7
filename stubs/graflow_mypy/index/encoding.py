"""Dataclasses and named tuples as JSON and back, checked when they are read.

An instance becomes the list of its fields. A class with a `tag` is part of a union: its instances
repeat a lot, so each distinct one is kept once, in a table that comes before the value, and its
number there stands for it everywhere else. The fields of such a class are texts,
instances of tagged classes, and tuples of them.

This is the one place that handles values of any type: a caller gets an instance of the type that
it asked for, or a `ValueError`.
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

_Table = list[object]
_Getter = Callable[[Any], tuple[Any, ...]]
_Reader = Callable[[Any, _Table], Any]
_PLAIN: Final = {str, int, bool, NoneType}


def encoded(value: object) -> str:
    """Return a value as JSON: an instance, text, number, or lists and dictionaries of them."""
    writers = _Writers()
    body = _json(value, lambda each: writers[each.__class__](each))
    return f"[{_json([*writers.table])},{body}]"


def _json(value: object, default: Callable[[object], object] | None = None) -> str:
    # Nothing here contains itself, and skipping that check saves a quarter of the time.
    return json.dumps(value, separators=(",", ":"), check_circular=False, default=default)


class _Writers(dict[type, Callable[[Any], object]]):
    """Functions that return what stands for an instance of a class, made when they are needed.

    Attributes:
        table: The items of each distinct tagged instance, in the order of their numbers.
    """

    def __init__(self) -> None:
        self.table: dict[tuple[object, ...], int] = {}
        self._numbers: dict[int, int] = {}  # by `id`, as the value keeps all of them alive

    def __missing__(self, kind: type) -> Callable[[Any], object]:
        items_of = _items_of(kind)
        if hasattr(kind, "tag"):
            is_flat = all(map(_plain_kinds, _hints(kind)))
            write = self[kind] = self._flat(items_of) if is_flat else self._nested(items_of)
        else:
            write = self[kind] = items_of
        return write

    def _flat(self, items_of: _Getter) -> Callable[[Any], object]:
        table = self.table
        return lambda value: table.setdefault(items_of(value), len(table))

    def _nested(self, items_of: _Getter) -> Callable[[Any], object]:
        table, numbers, numbered = self.table, self._numbers, self._numbered

        def write(value: object) -> object:
            number = numbers.get(id(value))
            if number is None:
                entry = numbered(items_of(value))
                number = numbers[id(value)] = table.setdefault(entry, len(table))
            return number

        return write

    def _numbered(self, items: tuple[Any, ...]) -> tuple[object, ...]:
        found: list[object] = []
        for item in items:
            if item.__class__ is str:
                found.append(item)
            elif item.__class__ is tuple:
                found.append(self._numbered(item))
            else:
                found.append(self[item.__class__](item))
        return tuple(found)


@cache
def _items_of(kind: type) -> _Getter:
    """Return what makes a tuple of an instance: its tag, if it has one, and its fields."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind} can't be written as JSON")
    names = [*(["tag"] if hasattr(kind, "tag") else []), *(each.name for each in fields(kind))]
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


def decoded(text: str | bytes, kind: type[T]) -> T:
    """Return what `encoded` has made of an instance of a type.

    Args:
        text: The JSON.
        kind: A dataclass.

    Raises:
        ValueError: It is not JSON, or not that of such an instance.
    """
    hint: Any = kind
    raw = json.loads(text)
    if raw.__class__ is not list or len(raw) != 2 or raw[0].__class__ is not list:
        raise ValueError("not a table and a value")
    table: _Table = []
    readers = _entry_readers(hint)
    for entry in raw[0]:
        if entry.__class__ is not list or not entry or entry[0].__class__ is not str:
            raise ValueError(f"not a tagged list: {entry!r}")
        if entry[0] not in readers:
            raise ValueError(f"an unknown tag: {entry!r}")
        table.append(readers[entry[0]](entry, table))
    found: T = _reader(hint)(raw[1], table)
    return found


@cache
def _entry_readers(hint: Any) -> dict[str, _Reader]:
    """Return readers by the tags of all classes that an instance of a type may have in it."""
    found: dict[str, _Reader] = {}
    seen: set[Any] = set()
    waiting = [hint]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        hints = _hints(each) if _is_record(each) else get_args(each)
        waiting += hints
        if hasattr(each, "tag"):
            found[each.tag] = _list_of([str, *hints], _without_tag(each))
    return found


def _without_tag(kind: Any) -> Callable[[list[Any]], object]:
    return lambda items: kind(*items[1:])


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
        return _list(_reader(arguments[0]))
    if origin is dict:
        return _dict(_reader(arguments[1]))
    if origin is tuple and arguments[-1] is Ellipsis:
        read = _list(_reader(arguments[0]))
        return lambda raw, table: tuple(read(raw, table))
    if origin is tuple:
        return _list_of(arguments, tuple)
    if hasattr(hint, "tag"):
        return _numbered(frozenset({hint}))
    return _list_of(_hints(hint), lambda items: hint(*items))


def _is_record(hint: Any) -> bool:
    return is_dataclass(hint) or hasattr(hint, "_fields")


def _hints(kind: Any) -> list[Any]:
    hints = get_type_hints(kind)
    names = [each.name for each in fields(kind)] if is_dataclass(kind) else kind._fields
    return [hints[name] for name in names]


def _plain(kinds: set[type]) -> _Reader:
    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ not in kinds:
            raise ValueError(f"not one of {kinds}: {raw!r}")
        return raw

    return read


def _literal(values: frozenset[object]) -> _Reader:
    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ is not str or raw not in values:
            raise ValueError(f"not one of {values}: {raw!r}")
        return raw

    return read


def _list(item: _Reader) -> _Reader:
    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ is not list:
            raise ValueError(f"not a list: {raw!r}")
        return [item(each, table) for each in raw]

    return read


def _dict(item: _Reader) -> _Reader:
    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ is not dict:
            raise ValueError(f"not a dictionary: {raw!r}")
        return {key: item(value, table) for key, value in raw.items()}

    return read


def _list_of(hints: Sequence[Any], make: Callable[[list[Any]], object]) -> _Reader:
    """Return a reader of a list with one item for each type.

    Most items are plain, and the types of a whole list are looked up at once.
    """
    plain = {at: _plain_kinds(hint) for at, hint in enumerate(hints)}
    others = [(at, _reader(hints[at])) for at, kinds in plain.items() if not kinds]
    shapes: set[tuple[type, ...]] = set()  # that were found to be right

    def check(raw: list[Any], shape: tuple[type, ...]) -> None:
        if len(shape) != len(hints):
            raise ValueError(f"not a list of {len(hints)}: {raw!r}")
        if any(kinds and shape[at] not in kinds for at, kinds in plain.items()):
            raise ValueError(f"not a list of {hints}: {raw!r}")
        shapes.add(shape)

    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ is not list:
            raise ValueError(f"not a list: {raw!r}")
        shape = tuple(map(type, raw))
        if shape not in shapes:
            check(raw, shape)
        for at, reader in others:
            raw[at] = reader(raw[at], table)
        return make(raw)

    return read


def _plain_kinds(hint: Any) -> frozenset[type]:
    """Return the types of the values of a type, if each is as it is in JSON."""
    kinds = frozenset(get_args(hint) if get_origin(hint) in {Union, UnionType} else [hint])
    return kinds if kinds <= _PLAIN else frozenset()


def _union(kinds: tuple[Any, ...]) -> _Reader:
    """Return a reader of one of some types: plain ones, tagged ones, and at most one other."""
    plain = {kind for kind in kinds if kind in _PLAIN}
    tagged = frozenset(kind for kind in kinds if hasattr(kind, "tag"))
    others = [kind for kind in kinds if kind not in plain | tagged]
    numbered = _numbered(tagged)
    if tagged == set(kinds):
        return numbered
    other = _reader(others[0]) if others else numbered

    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ in plain:
            return raw
        return numbered(raw, table) if raw.__class__ is int else other(raw, table)

    return read


def _numbered(kinds: frozenset[Any]) -> _Reader:
    """Return a reader of the number of an instance in the table."""

    def read(raw: Any, table: _Table) -> Any:
        if raw.__class__ is not int or not 0 <= raw < len(table):
            raise ValueError(f"not a number in the table: {raw!r}")
        found = table[raw]
        if found.__class__ not in kinds:
            raise ValueError(f"not one of {kinds}: {found!r}")
        return found

    return read

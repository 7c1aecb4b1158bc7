"""The types that make up a schema, each with its path, as in `rows[].conn`."""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Iterator
from typing import (
    Annotated,
    Any,
    Final,
    ForwardRef,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
)

from typing_extensions import ReadOnly, TypeAliasType, is_typeddict

from graflow.channels.schema.roundtrip.walk import Unstorable
from graflow.channels.schema.types.fields import (
    arguments_of,
    fields_of,
    openness_of,
    resolved,
    substituted,
)
from graflow.channels.schema.types.namespaces import namespace_of

__all__ = ["ALIASES", "is_self_contained", "parts", "types_in", "without_alias"]

ALIASES: tuple[Any, ...] = (
    TypeAliasType,
    getattr(typing, "TypeAliasType", TypeAliasType),
)
"""The classes of aliases: that of `typing_extensions` and that of the `type` statement."""

_WRAPPERS = (Annotated, Required, NotRequired, ReadOnly, Final)
_UNIONS = (Union, types.UnionType)
_NOT_SEARCHED: tuple[Any, ...] = (Literal, collections.abc.Callable)
_ENDLESS = "names itself with ever bigger arguments, so it never stops needing new types"
_MOST_GROWTH = 8
"""How often in a row a generic type may name itself with bigger arguments than before."""


def is_self_contained(form: object) -> bool:
    """Tell whether `form` means the same everywhere, because it doesn't name a type in text."""
    if isinstance(form, str | ForwardRef):
        return False
    origin = get_origin(form)
    if origin in _NOT_SEARCHED:
        return True
    return all(map(is_self_contained, get_args(form)[: 1 if origin is Annotated else None]))


def parts(form: Any) -> Iterator[tuple[str, Any]]:
    """Yield every type that `form` is made of with its path, outer types first.

    Args:
        form: A type in any form that an annotation can have.

    Raises:
        Unstorable: They never come to an end.
    """
    seen: set[object] = set()
    waiting: list[tuple[str, Any, dict[Any, tuple[int, int]]]] = [("", form, {})]
    while waiting:
        path, part, around = waiting.pop()
        marker = part if isinstance(part, type) and not get_args(part) else repr(part)
        if marker in seen:
            continue
        seen.add(marker)
        if (size := _size_of(part)) > 1:
            origin = get_origin(part)
            before, growth = around.get(origin, (size, 0))
            growth += size > before
            if growth > _MOST_GROWTH:
                raise Unstorable(path, f"{origin.__name__} {_ENDLESS}")
            around = around | {origin: (size, growth)}
        yield path, part
        waiting += reversed(
            [((path + step).removeprefix("."), inner, around) for step, inner in types_in(part)]
        )


def _size_of(form: Any) -> int:
    """Return how many types are written in a type."""
    return 1 + sum(map(_size_of, get_args(form)))


def without_alias(form: Any) -> Any:
    """Return the type that an alias stands for, with its arguments in it; others as they are."""
    while isinstance(alias := get_origin(form) or form, ALIASES):
        value = resolved(alias.__value__, namespace_of(alias), strict=False)
        form = substituted(value, arguments_of(form))
    return form


def types_in(form: Any) -> Iterator[tuple[str, Any]]:
    """Yield the types that `form` is directly made of, each with its step in the path."""
    origin, arguments = get_origin(form), get_args(form)
    if origin in _WRAPPERS or origin in _UNIONS:
        yield from (("", inner) for inner in arguments[: 1 if origin in _WRAPPERS else None])
    elif isinstance(origin or form, ALIASES):
        yield "", without_alias(form)
    elif hasattr(form, "__supertype__"):
        yield "", resolved(form.__supertype__, namespace_of(form), strict=False)
    elif fields := fields_of(form):
        yield from ((f".{name}", hint) for name, hint in fields.items())
        if is_typeddict(origin or form):
            openness = openness_of(origin or form, strict=False)
            if "extra_items" in openness:
                yield "[]", substituted(openness["extra_items"], arguments_of(form))
    elif origin is tuple and arguments[-1:] != (...,):
        yield from ((f"[{i}]", inner) for i, inner in enumerate(arguments))
    elif isinstance(origin, type) and origin not in _NOT_SEARCHED:
        yield from (("[]", inner) for inner in arguments if inner is not ...)

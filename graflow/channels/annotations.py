"""The types that a schema is made of, each with its path, as in `rows[].conn`."""

from __future__ import annotations

import collections.abc
import dataclasses
import types
from collections.abc import Iterator, Mapping
from typing import (
    Annotated,
    Any,
    Final,
    ForwardRef,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel
from typing_extensions import (
    ReadOnly,
    TypeAliasType,
    get_type_hints,
    is_typeddict,
)

__all__ = ["Names", "children", "hints_of", "is_self_contained", "parts", "resolved"]

Names = Mapping[str, Any]
"""Names that are local where a schema is used, for references to local classes."""

_WRAPPERS = (Annotated, Required, NotRequired, ReadOnly, Final)
_UNIONS = (Union, types.UnionType)
_NOT_SEARCHED: tuple[Any, ...] = (Literal, collections.abc.Callable)


def is_self_contained(form: object) -> bool:
    """Tell whether `form` means the same wherever it is written: it names no type in text."""
    if isinstance(form, str | ForwardRef):
        return False
    origin = get_origin(form)
    if origin in _NOT_SEARCHED:
        return True
    return all(map(is_self_contained, get_args(form)[: 1 if origin is Annotated else None]))


def resolved(form: Any, names: Names) -> Any:
    """Return `form` with the types that it names in text put in, if `names` has them."""
    holder = types.SimpleNamespace(__annotations__={"it": form})
    try:
        return get_type_hints(holder, dict(names), include_extras=True)["it"]
    except (NameError, SyntaxError, TypeError):
        return form


def parts(form: Any, names: Names) -> Iterator[tuple[str, Any]]:
    """Yield every type that `form` is made of with its path, the outer before the inner.

    Args:
        form: A type in any form that an annotation can have.
        names: Local names, for local classes.
    """
    seen: set[object] = set()
    left = [("", form)]
    while left:
        path, part = left.pop()
        marker = part if isinstance(part, type) and not get_args(part) else repr(part)
        if marker in seen:
            continue
        seen.add(marker)
        yield path, part
        inner = [((path + step).removeprefix("."), each) for step, each in children(part, names)]
        left += reversed(inner)


def children(form: Any, names: Names) -> Iterator[tuple[str, Any]]:
    """Yield the types that `form` is directly made of, each with the step from it to them."""
    origin, arguments = get_origin(form), get_args(form)
    known = dict(zip(_parameters(origin), arguments, strict=False))
    if origin in _WRAPPERS or origin in _UNIONS:
        yield from (("", inner) for inner in arguments[: 1 if origin in _WRAPPERS else None])
    elif isinstance(alias := origin or form, TypeAliasType):
        yield "", _substituted(alias.__value__, known)
    elif hasattr(form, "__supertype__"):
        yield "", form.__supertype__
    elif fields := _fields_of(origin or form, names):
        yield from ((f".{name}", _substituted(hint, known)) for name, hint in fields.items())
    elif origin is tuple and arguments[-1:] != (...,):
        yield from ((f"[{i}]", inner) for i, inner in enumerate(arguments))
    elif isinstance(origin, type) and origin not in _NOT_SEARCHED:
        yield from (("[]", inner) for inner in arguments if inner is not ...)


def _fields_of(form: Any, names: Names) -> dict[str, Any]:
    """Return the annotations of the fields of a class; none if it has no fields."""
    if not isinstance(form, type):
        return {}
    if issubclass(form, BaseModel):
        return {name: field.annotation for name, field in form.model_fields.items()}
    if not (is_typeddict(form) or dataclasses.is_dataclass(form) or hasattr(form, "_fields")):
        return {}
    try:
        return hints_of(form, names)
    except (NameError, SyntaxError, TypeError):
        return {}


def hints_of(form: type, names: Names) -> dict[str, Any]:
    """Return the annotations of a class, with the arguments of its generic bases put in.

    Args:
        form: A class.
        names: Looked up if the class is local itself.

    Raises:
        NameError: An annotation names a type that is not defined.
    """
    local = {**names, form.__name__: form} if "<locals>" in form.__qualname__ else None
    hints: dict[str, Any] = get_type_hints(form, localns=local, include_extras=True)
    for base in vars(form).get("__orig_bases__", ()):
        origin = get_origin(base) or base
        if is_typeddict(origin):
            known = dict(zip(_parameters(origin), get_args(base), strict=False))
            plain = get_type_hints(origin, localns=local, include_extras=True)
            for name, hint in hints_of(origin, names).items():
                if hints[name] == plain[name]:
                    hints[name] = _substituted(hint, known)
    return hints


def _parameters(form: Any) -> tuple[Any, ...]:
    found = getattr(form, "__type_params__", ()) or getattr(form, "__parameters__", ())
    return found if isinstance(found, tuple) else ()  # it is a descriptor of a class of types


def _substituted(hint: Any, known: Mapping[Any, Any]) -> Any:
    """Return `hint` with the arguments of a generic type in place of its parameters."""
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    parameters = () if isinstance(hint, type) and not get_args(hint) else _parameters(hint)
    if not any(parameter in known for parameter in parameters):
        return hint
    return hint[tuple(known.get(parameter, parameter) for parameter in parameters)]

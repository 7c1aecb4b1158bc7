"""Twins of `TypedDict` classes, with the same fields, for pydantic to read in their place.

Pydantic forgets the arguments of a generic base, as in `class Users(Page[User])`, and would accept
anything for a `User`. On Python 3.11 it refuses the `TypedDict` of `typing`, since such a class
does not remember its bases, and before 2.14 it refuses extra items that are `ReadOnly`. A twin is
a `TypedDict` of `typing_extensions` with all that spelled out.
"""

from __future__ import annotations

import types
from typing import Annotated, Any, Generic, NotRequired, Required, TypeVar, get_args, get_origin

from typing_extensions import ReadOnly, TypedDict

from graflow.channels.schema.types.fields import config_of, hints_of, openness_of

__all__ = ["twin_of"]


def twin_of(form: Any) -> Any:
    """Return a `TypedDict` of `typing_extensions` with the fields and the config of `form`.

    Raises:
        NameError: An annotation names a type that is not defined.
        TypeError: An annotation is not a type, or what it means has been forgotten.
    """
    parameters = getattr(form, "__parameters__", ())
    generic: Any = Generic
    bases = (TypedDict, generic[parameters]) if parameters else (TypedDict,)
    fields = {name: _marked(form, name, hint) for name, hint in hints_of(form).items()}
    body = {
        "__module__": form.__module__,
        "__qualname__": form.__qualname__,
        "__annotations__": fields,
        **config_of(form),
    }
    openness = {name: _writable(says) for name, says in openness_of(form).items()}
    return types.new_class(form.__name__, bases, openness, lambda space: space.update(body))


def _writable(form: Any) -> Any:
    return get_args(form)[0] if get_origin(form) is ReadOnly else form


def _marked(form: Any, name: str, hint: Any) -> Any:
    """Return the annotation of a field, with a word on whether the field may be missing."""
    if _free_parameters(hint) - set(getattr(form, "__parameters__", ())):
        raise TypeError(
            f"{form.__name__}.{name} is {hint!r}, and the base class that says what that is has "
            "been forgotten; use typing_extensions.TypedDict on Python 3.11"
        )
    inner = hint
    while (origin := get_origin(inner)) in {Annotated, ReadOnly}:
        inner = get_args(inner)[0]
    if origin in {Required, NotRequired}:
        return hint
    return Required[hint] if name in form.__required_keys__ else NotRequired[hint]


def _free_parameters(hint: Any) -> set[Any]:
    if isinstance(hint, TypeVar):
        return {hint}
    return set() if isinstance(hint, type) else set(getattr(hint, "__parameters__", ()))

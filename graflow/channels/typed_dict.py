"""The `TypedDict` classes that pydantic does not take as they are.

On Python 3.11 pydantic refuses the `TypedDict` of `typing`, for such a class does not remember
its bases. On every Python it forgets the arguments of a generic base, as in
`class Users(Page[User])`, and would let anything pass for a `User`. For the time that pydantic
reads a schema, each such class tells it (through `__get_pydantic_core_schema__`, which any class
may have) to read a twin instead: a `TypedDict` of `typing_extensions` with the same fields.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Generic, NotRequired, Required, TypeVar, get_args, get_origin

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from typing_extensions import ReadOnly, TypedDict, is_typeddict

from graflow.channels.annotations import Names, hints_of, parts

__all__ = ["readable"]

_HOOK = "__get_pydantic_core_schema__"
_PYDANTIC_READS_TYPING = sys.version_info >= (3, 12)


@contextmanager
def readable(form: Any, names: Names) -> Iterator[None]:
    """Let pydantic read each `TypedDict` that `form` is made of, until the block ends.

    Not for two threads at once.

    Args:
        form: A schema.
        names: Local names, for local classes.

    Raises:
        NameError: A field's annotation names a type that is not defined.
    """
    hooked = []
    try:
        for _, part in parts(form, names):
            base = get_origin(part) or part
            if is_typeddict(base) and not hasattr(base, _HOOK) and _needs_twin(base):
                setattr(base, _HOOK, _reading(_twin(base, names)))
                hooked.append(base)
        yield
    finally:
        for base in hooked:
            delattr(base, _HOOK)


def _needs_twin(form: type) -> bool:
    if type(form).__module__ == "typing" and not _PYDANTIC_READS_TYPING:
        return True
    bases = vars(form).get("__orig_bases__", ())
    return any(
        is_typeddict(origin := get_origin(base) or base) and (get_args(base) or _needs_twin(origin))
        for base in bases
    )


def _reading(twin: Any) -> Any:
    """Return the hook by which pydantic reads `twin` in place of a class."""

    def read(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        arguments = get_args(source)
        return handler.generate_schema(twin[arguments] if arguments else twin)

    return staticmethod(read)


def _twin(form: Any, names: Names) -> Any:
    """Return a `TypedDict` of `typing_extensions` with the fields and the config of `form`."""
    parameters = getattr(form, "__parameters__", ())
    fields = {name: _marked(form, name, hint) for name, hint in hints_of(form, names).items()}
    body = {
        "__module__": form.__module__,
        "__qualname__": form.__qualname__,
        "__annotations__": fields,
    }
    if hasattr(form, "__pydantic_config__"):
        body["__pydantic_config__"] = form.__pydantic_config__
    generic: Any = Generic
    bases = (TypedDict, generic[parameters]) if parameters else (TypedDict,)
    return types.new_class(form.__name__, bases, exec_body=lambda space: space.update(body))


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

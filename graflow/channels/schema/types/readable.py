"""Classes made readable for pydantic, with forward references and type arguments resolved.

Pydantic looks names up among the variables of whoever asks for a schema before it looks where they
were written, and it ignores the arguments of a generic base. So while it reads a schema, the
annotations of the classes in it leave it nothing to look up.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import Any, ForwardRef, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic.dataclasses import is_pydantic_dataclass, rebuild_dataclass
from pydantic_core import CoreSchema
from typing_extensions import is_typeddict

from graflow.channels.schema.types.annotations import ALIASES, is_self_contained, parts
from graflow.channels.schema.types.fields import hints_of, resolved, text_of
from graflow.channels.schema.types.namespaces import namespace_of, variables_around
from graflow.channels.schema.types.typed_dicts import twin_of
from graflow.system.annotations import annotations_of

__all__ = ["finish", "is_unfinished", "readable"]

_HOOK = "__get_pydantic_core_schema__"
_FIELDS = "__dataclass_fields__"
_SUPERTYPE = "__supertype__"


@contextmanager
def readable(form: Any) -> Iterator[dict[str, Any]]:
    """Let pydantic read every class that `form` is made of, until the block ends.

    It changes what all threads see, so the caller holds a lock.

    Args:
        form: A schema.

    Yields:
        The names that text in aliases may use, for aliases made in a function.

    Raises:
        NameError: An annotation names a type that is not defined.
        TypeError: An annotation is not a type.
        Unstorable: The classes never come to an end.
    """
    names: dict[str, Any] = {}
    unfinished: list[Any] = []
    with ExitStack() as changes:
        for _, part in parts(form):
            kind: Any = get_origin(part) or part
            if isinstance(kind, str | ForwardRef):
                raise NameError(f"{text_of(kind)} names a type that is not defined")
            if isinstance(kind, ALIASES):
                if not is_self_contained(kind.__value__):
                    names.update(variables_around(kind))
            elif not isinstance(kind, type):
                _make_new_type_readable(kind, changes)
            elif is_unfinished(kind):
                unfinished.append(kind)
            else:
                _make_readable(kind, changes)
        for kind in unfinished:
            finish(kind)
        yield names


def _make_new_type_readable(kind: Any, changes: ExitStack) -> None:
    it = getattr(kind, _SUPERTYPE, None)
    if not is_self_contained(it):
        _put(kind, _SUPERTYPE, resolved(it, namespace_of(kind)), changes)


def _make_readable(kind: type, changes: ExitStack) -> None:
    if issubclass(kind, BaseModel) or is_pydantic_dataclass(kind):
        return  # it knew its names where it was made
    if is_typeddict(kind):
        if not hasattr(kind, _HOOK):
            _put(kind, _HOOK, _reading(twin_of(kind)), changes)
    elif hasattr(kind, _FIELDS):
        fields = {name: copy(field) for name, field in getattr(kind, _FIELDS).items()}
        for name, hint in hints_of(kind).items():
            fields[name].type = hint
        _put(kind, _FIELDS, fields, changes)
    elif hasattr(kind, "_fields"):
        for base in kind.__mro__:
            if texts := annotations_of(base):
                _put_annotations(base, texts | hints_of(base), changes)


def _put(kind: Any, name: str, value: object, changes: ExitStack) -> None:
    """Set an attribute of a type until the changes end."""
    if name in vars(kind):
        changes.callback(setattr, kind, name, vars(kind)[name])
    else:
        changes.callback(delattr, kind, name)
    setattr(kind, name, value)


def _put_annotations(kind: Any, hints: dict[str, Any], changes: ExitStack) -> None:
    """Set the annotations of a class until the changes end."""
    if sys.version_info < (3, 14) or kind.__annotate__ is None:
        _put(kind, "__annotations__", hints, changes)
    else:  # what evaluates them is lost when they are set, and they are when it is
        changes.callback(setattr, kind, "__annotate__", kind.__annotate__)
        kind.__annotations__ = hints


def _reading(twin: Any) -> Any:
    """Return a hook that makes pydantic read `twin` in place of a class."""

    def read(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        arguments = get_args(source)
        return handler.generate_schema(twin[arguments] if arguments else twin)

    return staticmethod(read)


def is_unfinished(kind: type) -> bool:
    """Tell whether a pydantic model names, in text, what was not defined when it was made."""
    is_model = issubclass(kind, BaseModel) or is_pydantic_dataclass(kind)
    return is_model and not getattr(kind, "__pydantic_complete__", True)


def finish(kind: Any) -> None:
    """Let pydantic read the names in a model that were defined after it."""
    names = variables_around(kind)
    if issubclass(kind, BaseModel):
        kind.model_rebuild(_types_namespace=names)
    else:
        rebuild_dataclass(kind, _types_namespace=names)

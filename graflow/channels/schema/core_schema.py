"""The core schema that pydantic makes of a type."""

from __future__ import annotations

import warnings
from typing import Any, Final, get_origin

from pydantic import Secret, SecretBytes, SecretStr, TypeAdapter

from graflow.channels.schema.compiling import building
from graflow.channels.schema.named_tuples import named
from graflow.channels.schema.nodes import Node
from graflow.channels.schema.roundtrip.walk import Unstorable
from graflow.channels.schema.types.annotations import parts, types_in
from graflow.channels.schema.types.fields import resolved
from graflow.channels.schema.types.namespaces import namespace_of_caller
from graflow.channels.schema.types.readable import readable
from graflow.exceptions import SchemaError

__all__ = ["core_schema_of"]

_SECRETS: Final = (Secret, SecretBytes, SecretStr)


def core_schema_of(form: Any, name: str) -> Node:
    """Return the core schema that pydantic makes of a type, with any kind of `TypedDict` in it.

    Args:
        form: Any type. Names in text are looked up where graflow was called.
        name: What to call the type in an error.

    Raises:
        SchemaError: Pydantic refuses the type, or a part of it can't be read back.
    """
    given, around = form, namespace_of_caller()
    form = resolved(given, around, strict=False)
    # `readable` and `catch_warnings` change what all threads see.
    with building.lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*`ReadOnly` qualifier", UserWarning)
        try:
            core = _generated(resolved(given, around))
        except Unstorable as error:
            raise schema_error(name, error.path, error.reason) from None
        except Exception as error:  # a hook of a class for pydantic may raise anything
            reason = str(error).partition("\n")[0].partition(". ")[0]
            raise schema_error(name, _refused_part(form), reason) from error
        for path, part in parts(form):
            kind = get_origin(part) or part
            if isinstance(kind, type) and issubclass(kind, _SECRETS):
                raise schema_error(name, path, "a secret isn't written, so it can't be read back")
    return core


def schema_error(name: str, path: str, reason: str) -> SchemaError:
    """Return the error that says why a type can't be a schema."""
    where = f"{path}: " if path else ""
    return SchemaError(f"{name} can't be the schema of a typed channel: {where}{reason}")


def _generated(form: Any) -> Node:
    with readable(form) as names:
        adapter: TypeAdapter[Any] = TypeAdapter(form)
        if names or not adapter.pydantic_complete:
            adapter.rebuild(force=True, _types_namespace=names)
        core: Any = adapter.core_schema
        return named(core)


def _refused_part(form: Any, path: str = "", around: tuple[Any, ...] = ()) -> str:
    """Return the path of the innermost part of a type that pydantic refuses even on its own."""
    around += (form,)
    for step, inner in types_in(form):
        if inner not in around and _is_refused(inner):
            return _refused_part(inner, (path + step).removeprefix("."), around)
    return path


def _is_refused(form: Any) -> bool:
    try:
        _generated(form)
    except Exception:  # noqa: BLE001 - as above
        return True
    return False

"""The core schema that pydantic makes of a type."""

from __future__ import annotations

import sys
import warnings
from threading import RLock
from types import FrameType
from typing import Any, Final, get_origin

from pydantic import (
    PydanticUndefinedAnnotation,
    PydanticUserError,
    Secret,
    SecretBytes,
    SecretStr,
    TypeAdapter,
)
from pydantic_core import CoreSchema
from pydantic_core import SchemaError as CoreSchemaError

from graflow.channels.annotations import Names, children, parts, resolved
from graflow.channels.forks import guard
from graflow.channels.typed_dict import readable
from graflow.exceptions import SchemaError

__all__ = ["core_schema_of"]

_REFUSALS: Final = (
    PydanticUserError,
    PydanticUndefinedAnnotation,
    CoreSchemaError,
    AttributeError,
    NameError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)
_SECRETS: Final = (Secret, SecretBytes, SecretStr)


class _Building:
    """One build at a time: `readable` and `catch_warnings` change what all threads see."""

    def __init__(self) -> None:
        self.start_anew()
        guard(self)

    def start_anew(self) -> None:
        self.lock = RLock()


_building = _Building()


def core_schema_of(form: Any, name: str) -> CoreSchema:
    """Return what pydantic makes of a type, every `TypedDict` included.

    Args:
        form: Any type. Local classes that it names in text are looked up in the function that
            called graflow.
        name: What to call the type in an error.

    Raises:
        SchemaError: Pydantic does not take the type, or a part of it can't be read back.
    """
    frame, depth = _caller()
    names = {**frame.f_globals, **frame.f_locals}
    with _building.lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*`ReadOnly` qualifier", UserWarning)
        try:
            with readable(resolved(form, names), frame.f_locals):
                core = _generated(form, depth)
        except _REFUSALS as error:
            path = _refused_part(resolved(form, names), frame.f_locals, depth)
            reason = str(error).partition("\n")[0].partition(". ")[0]
            raise schema_error(name, path, reason) from error
    for path, part in parts(resolved(form, names), frame.f_locals):
        kind = get_origin(part) or part
        if isinstance(kind, type) and issubclass(kind, _SECRETS):
            raise schema_error(name, path, "a secret is not written, so it can't be read back")
    return core


def schema_error(name: str, path: str, reason: str) -> SchemaError:
    """Return the error that says why a type can't be a schema."""
    where = f"{path}: " if path else ""
    return SchemaError(f"{name} can't be the schema of a typed channel: {where}{reason}")


def _caller() -> tuple[FrameType, int]:
    """Return the frame that called into graflow, and its depth as `TypeAdapter` counts."""
    frame, depth = sys._getframe(2), 3
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] == "graflow":
        frame, depth = frame.f_back, depth + 1
    return frame, depth


def _generated(form: Any, depth: int) -> CoreSchema:
    adapter: TypeAdapter[Any] = TypeAdapter(form, _parent_depth=depth + 1)
    if not adapter.pydantic_complete:
        adapter.rebuild(_parent_namespace_depth=depth + 1)
    return adapter.core_schema


def _refused_part(form: Any, names: Names, depth: int) -> str:
    """Return the path of the innermost part of a type that pydantic refuses by itself."""
    path, part = "", form
    seen: list[Any] = []
    while True:
        seen.append(part)
        for step, inner in children(part, names):
            if inner not in seen and _is_refused(inner, names, depth):
                path, part = (path + step).removeprefix("."), inner
                break
        else:
            return path


def _is_refused(form: Any, names: Names, depth: int) -> bool:
    try:
        with readable(form, names):
            _generated(form, depth)
    except _REFUSALS:
        return True
    return False

"""Pickling for other processes: what a script defines goes along, and what can't go is named."""

from __future__ import annotations

import io
import sys
import typing
from collections import ChainMap
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, NewType

import typing_extensions

from graflow.core.extras import require

__all__ = ["blame", "dumps", "is_found_elsewhere"]

_ALIASES = {typing_extensions.TypeAliasType, getattr(typing, "TypeAliasType", None)} - {None}


def dumps(value: object) -> bytes:
    """Return a value as cloudpickle does; types that a script names go along, as its classes do.

    Raises:
        ExtraMissingError: cloudpickle is not installed.
        Exception: The value can't be pickled, as the message says.
    """
    cloudpickle = require("cloudpickle", "processes", "an executor outside this process")
    with io.BytesIO() as file:
        _pickler(cloudpickle)(file).dump(value)
        return file.getvalue()


def is_found_elsewhere(module: str, name: str, value: object) -> bool:
    """Tell whether another process that imports a module finds a value there under a name.

    A name of `__main__` means something else there, and a module for which
    `cloudpickle.register_pickle_by_value` was called may not be there.
    """
    if module == "__main__" or module not in sys.modules or _goes_by_value(module):
        return False
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value


def blame(value: object, *, known: frozenset[int] = frozenset()) -> str:
    """Return what of a function or of an object can't be pickled, by name; empty if it is unknown.

    Args:
        value: What can't be pickled.
        known: What was looked at on the way here.
    """
    for name, part in _parts(value):
        if id(part) in known or _travels(part):
            continue
        inner = blame(part, known=known | {id(value)})
        return f"{name}, and there {inner}" if inner else name
    return ""


def _goes_by_value(module: str) -> bool:
    cloudpickle: Any = sys.modules.get("cloudpickle")
    chosen = set() if cloudpickle is None else cloudpickle.list_registry_pickle_by_value()
    return any(f"{module}.".startswith(f"{name}.") for name in chosen)


@lru_cache
def _pickler(cloudpickle: Any) -> Any:
    ours = {NewType: _reduce_new_type, **dict.fromkeys(_ALIASES, _reduce_alias)}
    table = ChainMap(ours, cloudpickle.Pickler.dispatch_table)
    return type("Pickler", (cloudpickle.Pickler,), {"dispatch_table": table})


def _reduce_new_type(new: Any) -> Any:
    if is_found_elsewhere(new.__module__, new.__qualname__, new):
        return new.__qualname__
    return NewType, (new.__name__, object), dict(vars(new))


def _reduce_alias(alias: Any) -> Any:
    if is_found_elsewhere(alias.__module__, alias.__name__, alias):
        return alias.__name__
    return _alias, (type(alias), alias.__name__, alias.__value__, alias.__type_params__)


def _alias(kind: Any, name: str, value: object, parameters: tuple[object, ...]) -> Any:
    return kind(name, value, type_params=parameters)


def _travels(value: object) -> bool:
    try:
        dumps(value)
    except Exception:  # noqa: BLE001 - the value's own code
        return False
    return True


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield what a value needs to be pickled, with words for it."""
    if isinstance(value, FunctionType):
        yield from _parts_of_function(value)
    elif isinstance(value, dict):
        yield from ((f"{key!r}", part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((f"item {number}", part) for number, part in enumerate(value))
    else:
        yield from ((f"its attribute {name!r}", part) for name, part in _attributes(value))


def _attributes(value: object) -> list[tuple[str, object]]:
    return list(vars(value).items()) if hasattr(value, "__dict__") else []


def _parts_of_function(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f"the variable {name!r}", cell.cell_contents
        except ValueError:  # it has none yet
            continue
    for name in _names_in(function.__code__):
        if name in function.__globals__:
            yield f"the global {name!r}", function.__globals__[name]
    yield "the defaults of its parameters", (function.__defaults__, function.__kwdefaults__)
    for name, annotation in function.__annotations__.items():
        yield f"the annotation of {name!r}", annotation
    yield from ((f"its attribute {name!r}", part) for name, part in vars(function).items())


def _names_in(code: CodeType) -> set[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*map(_names_in, inner))

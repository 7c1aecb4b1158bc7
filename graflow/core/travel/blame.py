"""Blame: the names of the parts of a task that can't be pickled."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType

from graflow.core.task.pickling import dumps
from graflow.system.annotations import annotations_of

__all__ = ["blame"]


def blame(value: object, *, known: frozenset[int] = frozenset()) -> str:
    """Return the name of the part of a value that can't be pickled; empty if it is unknown.

    Args:
        value: A function or an object that can't be pickled.
        known: The ids of the values that contain it.
    """
    for name, part in _parts(value):
        if id(part) in known or _travels(part):
            continue
        inner = blame(part, known=known | {id(value)})
        return f"{name}, and there {inner}" if inner else name
    return ""


def _travels(value: object) -> bool:
    try:
        dumps(value)
    except Exception:  # noqa: BLE001 - the value's own code
        return False
    return True


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield the parts that are pickled with a value, with a description of each."""
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
        except ValueError:  # it does not have a value yet
            continue
    for name in _names_in(function.__code__):
        if name in function.__globals__:
            yield f"the global {name!r}", function.__globals__[name]
    yield "the defaults of its parameters", (function.__defaults__, function.__kwdefaults__)
    for name, annotation in annotations_of(function).items():
        yield f"the annotation of {name!r}", annotation
    yield from ((f"its attribute {name!r}", part) for name, part in vars(function).items())


def _names_in(code: CodeType) -> set[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*map(_names_in, inner))

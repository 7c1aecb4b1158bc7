"""Errors of the fields that don't fit a schema, each with its path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic_core import ErrorDetails

from graflow.channels.codec.reprs import short_repr
from graflow.channels.schema.differences import NOTHING, Difference, Way
from graflow.channels.schema.nodes import Node, bodies_in, children, inside, is_altering
from graflow.channels.schema.roundtrip.rules import Storable
from graflow.exceptions import FieldError

__all__ = ["alterations", "from_details", "lost", "unstorable"]

_MESSAGES = {
    "extra_forbidden": "is not a field of the schema",
    "missing": "is missing",
    "missing_argument": "is missing",
    "missing_keyword_only_argument": "is missing",
    "missing_positional_only_argument": "is missing",
    "json_invalid": "should be nested less deeply",
    "recursion_loop": "should not contain itself or be nested so deeply",
    "unexpected_keyword_argument": "is not a field of the schema",
}
_SUBJECT = re.compile(r"^[A-Z]\w*( input)? should\b")
_OF_FIELDS: Final = {"typed-dict", "model-fields", "dataclass-args", "named-tuple"}
_OF_KEYS: Final = {"dict", "counter", "frozendict", "ordered-dict"}
_OF_ITEMS: Final = {*_OF_KEYS, "list", "set", "frozenset", "deque", "generator"}
_MAX_PATH = 200
_MAX_DIGITS = 4300  # as many as the JSON parser reads


def from_details(details: Iterable[ErrorDetails], schema: Storable) -> tuple[FieldError, ...]:
    """Return what pydantic found, with one error for all branches of a union."""
    messages: dict[tuple[str, str], list[str]] = {}
    for detail in details:
        kind, text = detail["type"], detail["msg"]
        found = "nothing" if kind.startswith("missing") else short_repr(detail["input"])
        message = _MESSAGES.get(kind) or _SUBJECT.sub("should", text.removeprefix("Value error, "))
        place = messages.setdefault((_path(schema, detail["loc"]), found), [])
        if message not in place:
            place.append(message)
    return tuple(
        FieldError(path, " or ".join(each), found) for (path, found), each in messages.items()
    )


def alterations(found: Iterable[Difference], schema: Storable) -> tuple[FieldError, ...]:
    """Return the changes made by validation that the schema does not ask for."""
    return tuple(
        FieldError(
            _path(schema, way),
            _alteration(before, after),
            f"{short_repr(before)} of type {type(before).__name__}",
        )
        for way, before, after in found
        if before is not NOTHING and not _followed(schema, way)[1]
    )


def _alteration(before: Any, after: Any) -> str:
    if type(before) is not type(after):
        return f"should be of type {type(after).__name__} itself"
    return (
        f"should be a value that validation leaves alone, not one that becomes {short_repr(after)}"
    )


def lost(found: Iterable[Difference], schema: Storable) -> tuple[FieldError, ...]:
    """Return the parts of a value that did not survive a round trip through JSON."""
    return tuple(
        FieldError(
            _path(schema, way),
            f"should come back from JSON unchanged, not as {short_repr(after)}",
            short_repr(before),
        )
        for way, before, after in found
    )


def unstorable(found: Iterable[tuple[Way, Any]], schema: Storable) -> tuple[FieldError, ...]:
    """Return the scalars in a value that JSON text can't hold."""
    return tuple(
        FieldError(_path(schema, way), problem, short_repr(scalar))
        for way, scalar in found
        if (problem := _problem(scalar))
    )


def _problem(scalar: object) -> str:
    if isinstance(scalar, int) and abs(scalar) >= 10**_MAX_DIGITS:
        return f"should not have more than {_MAX_DIGITS:,} digits"
    if isinstance(scalar, str) and any("\ud800" <= character <= "\udfff" for character in scalar):
        return "should not hold a lone surrogate, which UTF-8 can't encode"
    return ""


def _path(schema: Storable, way: Way) -> str:
    path, _ = _followed(schema, way)
    if len(path) <= _MAX_PATH:
        return path
    return f"{path[: _MAX_PATH // 2]} ... {path[-_MAX_PATH // 2 :]}"


def _followed(schema: Storable, way: Way) -> tuple[str, bool]:
    """Follow the way to a part of a value through the schema.

    Returns:
        The path that a user reads, and whether the schema asks for changes there or above.
    """
    path, alters, left = "", False, list(way)
    bodies: dict[str, Node] = {}
    node: Node | None = schema.core
    while node is not None:
        alters |= is_altering(node)
        if node["type"] == "definitions":
            bodies = bodies_in(node)
        if node["type"] == "definition-ref":
            node = bodies.get(node["schema_ref"])
        elif (inner := inside(node)) is not None or not left:
            node = inner
        else:
            step, taken, node = _next(node, left)
            path, left = path + step, left[taken:]
    for step in left:
        path += f".{step}" if isinstance(step, str) and step.isidentifier() else _bracketed(step)
    return path.removeprefix("."), alters


def _next(node: Node, left: list[Any]) -> tuple[str, int, Node | None]:
    """Go one part further in.

    Returns:
        The step in the path, how many steps of the way it takes, and the part, or `None` where
        the schema says nothing more.
    """
    parts = {(part.entry, part.label): part.node for part in children(node)}
    kind, step = node["type"], left[0]
    if kind in _OF_FIELDS:
        if kind == "named-tuple" and isinstance(step, int) and step < len(parts):
            _, step = list(parts)[step]
        field = parts.get(("fields", step))
        return ("", 0, None) if field is None else (f".{step}", 1, field)
    if kind in _OF_KEYS and left[1:2] == ["[key]"]:
        return f"{_bracketed(step)} (the key)", 2, parts.get(("keys_schema", None))
    if kind == "tuple":
        index = min(step, node.get("variadic_item_index", step))
        return _bracketed(step), 1, parts.get(("items_schema", index))
    if kind in _OF_ITEMS:
        item = parts.get(("values_schema", None)) or parts.get(("items_schema", None))
        return _bracketed(step), 1, item
    if kind == "union" and len(parts) == 1:
        return "", 0, next(iter(parts.values()))
    choice = parts.get(("choices", step))
    return "", int(choice is not None), choice


def _bracketed(step: object) -> str:
    return f"[{repr(step) if isinstance(step, str) else short_repr(step)}]"

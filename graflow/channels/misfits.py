"""The fields that do not fit a schema, each with its path."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from graflow.channels.fidelity import ALTERS, Node, Plan
from graflow.channels.sameness import NOTHING, Difference
from graflow.exceptions import FieldError

__all__ = ["alterations", "from_details", "lost", "path_of"]

_MESSAGES = {
    "extra_forbidden": "is not a field of the schema",
    "missing": "is missing",
    "missing_argument": "is missing",
    "missing_keyword_only_argument": "is missing",
    "missing_positional_only_argument": "is missing",
    "recursion_loop": "contains itself",
    "unexpected_keyword_argument": "is not a field of the schema",
}
_show = reprlib.Repr()
_show.maxstring = _show.maxother = 60


def from_details(details: Iterable[ErrorDetails], plan: Plan) -> tuple[FieldError, ...]:
    """Return what pydantic found, with the branches of a union put together."""
    messages: dict[tuple[str, str], list[str]] = {}
    for detail in details:
        kind, text = detail["type"], detail["msg"]
        found = "nothing" if kind.startswith("missing") else _show.repr(detail["input"])
        message = _MESSAGES.get(kind) or text.removeprefix("Value error, ").removeprefix("Input ")
        place = messages.setdefault((path_of(detail["loc"], plan), found), [])
        if message not in place:
            place.append(message)
    return tuple(
        FieldError(path, " or ".join(each), found) for (path, found), each in messages.items()
    )


def alterations(found: Iterable[Difference], plan: Plan) -> tuple[FieldError, ...]:
    """Return the changes by validation that the schema does not ask for."""
    return tuple(
        FieldError(path_of(way, plan), _alteration(before, after), _show.repr(before))
        for way, before, after in found
        if before is not NOTHING and not _Trace(plan, way).alters
    )


def _alteration(before: Any, after: Any) -> str:
    if type(before) is not type(after):
        return f"should be of type {type(after).__name__} itself"
    return f"should be a value that stays as it is, and not become {_show.repr(after)}"


def lost(found: Iterable[Difference], plan: Plan) -> tuple[FieldError, ...]:
    """Return the parts of a value that did not come back from JSON."""
    return tuple(
        FieldError(
            path_of(way, plan),
            f"should come back from JSON as it is, and not as {_show.repr(after)}",
            _show.repr(before),
        )
        for way, before, after in found
    )


def path_of(way: Sequence[Any], plan: Plan) -> str:
    """Return the path to a part of a value, as in `rows[2].scores['bob']`.

    Args:
        way: The steps to the part, with those that pydantic adds for the branches of unions.
        plan: Tells fields from keys, and both from branches.
    """
    return _Trace(plan, way).path


class _Trace:
    """A way through a value, followed through its schema.

    Attributes:
        path: What a user calls the part at the end.
        alters: Whether the schema asks for changes there or above.
    """

    def __init__(self, plan: Plan, way: Sequence[Any]) -> None:
        self.path = ""
        self.alters = False
        self._bodies: dict[str, Node] = {}
        self._left = list(way)
        node: Node | None = plan.core
        while node is not None:
            self.alters |= node.get("metadata", {}).get(ALTERS, False)
            node = self._next(node)
        while self._left:
            step = self._left.pop(0)
            is_name = isinstance(step, str) and step.isidentifier()
            self._add(f".{step}" if is_name else f"[{step!r}]")

    def _add(self, step: str) -> None:
        self.path = (self.path + step).removeprefix(".")

    def _next(self, node: Node) -> Node | None:  # noqa: C901 (one case for each kind)
        """Go one part further in; return `None` where the schema says nothing more."""
        kind = node["type"]
        if kind == "definitions":
            self._bodies = {body["ref"]: body for body in node["definitions"]}
        if kind == "dataclass":
            return _child(node, "schema")
        if kind == "definition-ref":
            return self._bodies.get(node["schema_ref"])
        for around in ("json_schema", "strict_schema"):
            if around in node:
                return _child(node, around)
        if "steps" in node:
            last: Node = node["steps"][-1]
            return last
        if not self._left:
            return None if "fields" in node else _child(node, "schema")
        if "choices" in node:
            return self._branch(node)
        if "fields" in node:
            return self._field(node)
        if "values_schema" in node or kind in {"dict", "counter", "ordered-dict", "frozendict"}:
            return self._value(node)
        if "items_schema" in node:
            return self._item(node)
        return _child(node, "schema")

    def _branch(self, node: Node) -> Node | None:
        choices = node["choices"]
        step = self._left[0]
        if isinstance(choices, dict):
            found = choices.get(step)
        elif len(choices) == 1:
            return _node(choices[0][0])
        else:
            found = next((choice for choice, label in choices if label == step), None)
        if found is not None:
            self._left.pop(0)
        return _node(found)

    def _field(self, node: Node) -> Node | None:
        fields = node["fields"]
        if not isinstance(fields, dict):
            named = {field["name"]: field for field in fields}
            if isinstance(self._left[0], int):
                self._left[0] = list(named)[self._left[0]]
            fields = named
        field = fields.get(self._left[0])
        if field is None:
            return None
        self._add(f".{self._left.pop(0)}")
        return _child(field, "schema")

    def _value(self, node: Node) -> Node | None:
        self._add(f"[{self._left.pop(0)!r}]")
        if self._left[:1] == ["[key]"]:
            self._left.pop(0)
            self._add(" (the key)")
            return _child(node, "keys_schema")
        return _child(node, "values_schema")

    def _item(self, node: Node) -> Node | None:
        step = self._left.pop(0)
        self._add(f"[{step!r}]")
        items = node["items_schema"]
        if isinstance(items, dict):
            return items
        variadic = node.get("variadic_item_index")
        if not isinstance(step, int):
            return None
        if variadic is not None and step >= variadic:
            step = variadic
        return items[step] if step < len(items) else None


def _child(node: Node, name: str) -> Node | None:
    return _node(node.get(name))


def _node(found: Any) -> Node | None:
    return found if isinstance(found, dict) else None

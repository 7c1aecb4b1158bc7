"""A walk through a core schema by rules, one for each kind of node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graflow.channels.schema.nodes import Node, Part, marked, with_children

__all__ = ["ANY", "ARRAY", "OBJECT", "Kinds", "Position", "Unstorable", "Walk"]

Kinds = frozenset[str]
"""The kinds of JSON value that a part of a schema may be written as."""

ANY: Kinds = frozenset({"null", "bool", "int", "float", "str", "array", "object"})
ARRAY: Kinds = frozenset({"array"})
OBJECT: Kinds = frozenset({"object"})


class Unstorable(Exception):
    """Some part of a schema does not survive a round trip through JSON."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Position:
    """Where a node is in a schema.

    Attributes:
        path: As in `rows[].conn`.
        config: The core config that applies there.
        in_json: Whether data read from JSON gets there.
        label: The node's label in the node around it: a field's name, an index.
    """

    path: str
    config: Any
    in_json: bool = True
    label: Any = None

    def inside(self, part: Part) -> Position:
        """Return the position of a part of the node here."""
        return replace(self, path=(self.path + part.step).removeprefix("."), label=part.label)

    def outside_json(self) -> Position:
        """Return the same position, as one that only Python values get to."""
        return replace(self, in_json=False)

    def is_strict(self, node: Node) -> bool:
        """Tell whether a node here refuses values that would have to be coerced."""
        return bool(node.get("strict", self.config.get("strict", False)))


class Walk:
    """One walk through a core schema, and what it has found so far.

    Attributes:
        strict: Whether to refuse values that would have to be coerced.
        from_data: Whether to accept plain data in place of instances of classes.
        bodies: The nodes that references stand for.
        changed: Those of them that the walk has reached, as a channel needs them.
        is_faithful: Whether every valid value comes back from JSON.
        has_floats: Whether values may contain `NaN` or infinity.
        has_aliases: Whether a field's name in JSON differs from its name in Python.
    """

    def __init__(self, rules: Mapping[str, Rule], strict: bool, from_data: bool) -> None:
        """Start with rules by kind of node; values of any other kind have to be tried."""
        self.strict = strict
        self.from_data = from_data
        self.bodies: dict[str, Node] = {}
        self.changed: dict[str, Node] = {}
        self.is_faithful = True
        self.has_floats = False
        self.has_aliases = False
        self._rules = rules
        self._kinds: dict[tuple[str, bool], Kinds] = {}

    def visit(self, node: Node, at: Position) -> tuple[Node, Kinds]:
        """Return a node as a channel needs it, and the kinds of JSON it may be written as."""
        rule = self._rules.get(node["type"])
        new, kinds = rule(self, node, at) if rule else self.visit_unknown(node, at)
        if "serialization" in node:
            kinds = self.doubt(at)
            own, _ = self.visit_children(node["serialization"], at.outside_json())
            new = {**new, "serialization": own}
        return (marked(new) if _may_alter(node, at) else new), kinds

    def visit_children(self, node: Node, at: Position) -> tuple[Node, list[Kinds]]:
        """Return a node with its parts as a channel needs them, and the kinds of each part."""
        found: list[Kinds] = []

        def change(part: Part) -> Node:
            inner = at.inside(part)
            is_outside = _is_outside_json(part, is_strict=at.is_strict(node))
            new, kinds = self.visit(part.node, inner.outside_json() if is_outside else inner)
            found.append(kinds)
            return new

        return with_children(node, change), found

    def visit_unknown(self, node: Node, at: Position) -> tuple[Node, Kinds]:
        """Do what `visit` does for a node that may have any effect on values."""
        return self.visit_children(node, at)[0], self.doubt(at)

    def visit_reference(self, ref: str, at: Position) -> Kinds:
        """Return the kinds of the node that a reference stands for."""
        known = (ref, at.in_json)
        if known not in self._kinds:
            self._kinds[known] = frozenset()
            self.changed[ref], self._kinds[known] = self.visit(self.bodies[ref], at)
        # Inside itself it has none yet; and JSON nested without limit may not be readable.
        return self._kinds[known] or self.doubt(at)

    def doubt(self, at: Position) -> Kinds:
        """Note that each value has to be tried, because of the node at a position."""
        self.is_faithful &= not at.in_json
        return ANY

    def config(self, own: Any) -> Any:
        """Return a core config with the settings that channels add or insist on."""
        binary = own.get("val_json_bytes", "base64")
        return {
            **({"strict": True} if self.strict else {}),
            "extra_fields_behavior": "forbid",
            "validate_default": True,
            **own,
            "loc_by_alias": False,
            "revalidate_instances": "always",
            "serialize_by_alias": True,
            "ser_json_bytes": binary,
            "val_json_bytes": binary,
            "ser_json_inf_nan": "constants",
            "ser_json_temporal": "iso8601",
            "ser_json_timedelta": "iso8601",
        }


Rule = Callable[[Walk, Node, Position], tuple[Node, Kinds]]
"""Does what `Walk.visit` does for one kind of node."""

_MAY_BE_COERCED = frozenset(
    {"none", "bool", "int", "float", "str", "bytes", "uuid", "date", "datetime", "time"}
    | {"timedelta", "decimal", "complex", "fraction", "literal", "enum"}
    | {"list", "set", "frozenset", "tuple"}
)


def _is_outside_json(part: Part, *, is_strict: bool) -> bool:
    """Tell whether data from JSON that gets to a node never gets to this part of it."""
    match part.entry:
        case "python_schema" | "return_schema":
            return True
        case "steps":
            return bool(part.label)
        case "lax_schema":
            return is_strict
        case "strict_schema":
            return not is_strict
    return False


def _may_alter(node: Node, at: Position) -> bool:
    """Tell whether a node itself asks validation to change some valid values."""
    kind = node["type"]
    if kind.startswith("function-"):
        return True
    options = ("strip_whitespace", "to_lower", "to_upper")
    if kind == "str" and any(node.get(name, at.config.get(f"str_{name}")) for name in options):
        return True
    return kind in _MAY_BE_COERCED and not at.is_strict(node)

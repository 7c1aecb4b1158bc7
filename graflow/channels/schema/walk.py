"""A walk through a core schema, for the rules of `graflow.channels.schema.roundtrip`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

__all__ = [
    "ALTERS",
    "ANY",
    "ARRAY",
    "OBJECT",
    "CoreWalk",
    "Kinds",
    "Node",
    "Place",
    "Unstorable",
    "marked",
]

Node = dict[str, Any]
"""A part of a core schema."""

Kinds = frozenset[str]
"""The kinds of JSON that a part of a schema may be."""

ALTERS: Final = "graflow_alters"
"""In a node's metadata: the schema itself asks validation to change some values there."""

ANY: Kinds = frozenset({"null", "bool", "int", "float", "str", "array", "object"})
ARRAY: Kinds = frozenset({"array"})
OBJECT: Kinds = frozenset({"object"})

_CHILDREN: Final = {
    "schema": "",
    "keys_schema": "",
    "items_schema": "[]",
    "values_schema": "[]",
    "extras_schema": "[]",
    "extras_keys_schema": "",
}


class Unstorable(Exception):
    """JSON can't carry some part of a schema there and back."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is.

    Attributes:
        path: As in `rows[].conn`.
        config: The core config that applies there.
        in_json: Whether JSON text can get there.
    """

    path: str
    config: Any
    in_json: bool = True

    def step(self, step: str) -> Place:
        """Return the place one step further in."""
        return replace(self, path=(self.path + step).removeprefix("."))

    def outside_json(self) -> Place:
        """Return the same place for what only Python values get to."""
        return replace(self, in_json=False)

    def is_strict(self, node: Node) -> bool:
        """Tell whether a node that is here refuses what would have to be coerced."""
        return bool(node.get("strict", self.config.get("strict", False)))


class CoreWalk:
    """One walk through a core schema, and what it has found so far."""

    def __init__(self, strict: bool, from_data: bool) -> None:
        self.is_faithful = True
        self.has_floats = False
        self.has_aliases = False
        self._strict = strict
        self._from_data = from_data
        self._bodies: dict[str, Node] = {}
        self._changed: dict[str, Node] = {}
        self._kinds: dict[tuple[str, bool], Kinds] = {}

    def config(self, own: Any) -> Any:
        """Return a core config with what channels add to it, and put in its place."""
        binary = own.get("val_json_bytes", "base64")
        return {
            **({"strict": True} if self._strict else {}),
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

    def visit(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        """Return a node as a channel needs it, and the kinds of JSON that it may be."""
        visit: Callable[[Node, Place], tuple[Node, Kinds]] = getattr(
            self, "_" + node["type"].replace("-", "_"), self._unknown
        )
        new, kinds = visit(node, place)
        if "serialization" in node:
            kinds = self._doubt(place)
            new = {**new, "serialization": self._children(node["serialization"], place, False)}
        return new, kinds

    def _doubt(self, place: Place) -> Kinds:
        """Note that values have to be tried, because of what is at `place`."""
        self.is_faithful &= not place.in_json
        return ANY

    def _children(self, node: Node, place: Place, in_json: bool = True) -> Node:
        place = place if in_json else place.outside_json()
        new = dict(node)
        for name in node.keys() & _CHILDREN.keys():
            new[name] = self.visit(node[name], place.step(_CHILDREN[name]))[0]
        if "return_schema" in node:
            new["return_schema"] = self.visit(node["return_schema"], place.outside_json())[0]
        return new

    def _unknown(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        return self._children(node, place), self._doubt(place)

    # What wraps another part

    def _wrapper(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        inner, kinds = self.visit(node["schema"], place)
        return {**node, "schema": inner}, kinds

    _custom_error = _wrapper

    def _default(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if node.get("on_error", "raise") != "raise":
            self._doubt(place)
        return self._wrapper(node, place)

    def _nullable(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        new, kinds = self._wrapper(node, place)
        if "null" in kinds:
            self._doubt(place)
        return new, kinds | {"null"}

    def _definitions(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        self._bodies = {inner["ref"]: inner for inner in node["definitions"]}
        new, kinds = self.visit(node["schema"], place)
        return {**node, "schema": new, "definitions": list(self._changed.values())}, kinds

    def _definition_ref(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        ref = node["schema_ref"]
        known = (ref, place.in_json)
        if known not in self._kinds:
            self._kinds[known] = frozenset()
            self._changed[ref], kinds = self.visit(self._bodies[ref], place)
            self._kinds[known] = kinds
        # Inside of itself it has none yet; and text of any depth is not sure to be read back.
        return node, self._kinds[known] or self._doubt(place)


def marked(node: Node) -> Node:
    """Return a node with a mark that it alters some values."""
    return {**node, "metadata": {**node.get("metadata", {}), ALTERS: True}}

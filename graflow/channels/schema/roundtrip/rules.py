"""Round-trip rules: which parts of a schema survive a round trip through JSON.

`storable` walks a core schema once. It refuses what JSON can't carry, finds out whether every
value of the rest is certain to come back, and returns a schema that is strict and closed unless
the given one's own config says otherwise, and that can read whatever it writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Flag
from typing import Any, Final

from pydantic_core import (
    PydanticSerializationError,
    SchemaSerializer,
    SchemaValidator,
    ValidationError,
)

from graflow.channels.schema.differences import differences
from graflow.channels.schema.nodes import Node, bodies_in
from graflow.channels.schema.roundtrip.datetimes import exact_datetime, exact_time
from graflow.channels.schema.roundtrip.field_rules import FIELD_RULES
from graflow.channels.schema.roundtrip.walk import (
    ANY,
    ARRAY,
    OBJECT,
    Kinds,
    Position,
    Rule,
    Unstorable,
    Walk,
)

__all__ = ["Storable", "storable"]

_TEXT: Kinds = frozenset({"str"})
_NUMBER: Kinds = frozenset({"str", "int", "float"})

_SCALARS: Final[dict[str, Kinds]] = {
    "none": frozenset({"null"}),
    "bool": frozenset({"bool"}),
    "int": frozenset({"int"}),
    "float": frozenset({"float", "int"}),
    "str": _TEXT,
    "bytes": _TEXT,
    "uuid": _TEXT,
    "date": _TEXT,
    "datetime": _TEXT,
    "time": _TEXT,
    "timedelta": _TEXT,
    "decimal": _NUMBER,
    "complex": _NUMBER,
    "fraction": _NUMBER,
}
_KIND_OF: Final = {type(None): "null", bool: "bool", int: "int", float: "float"}

_REFUSED: Final = {
    "arguments": "the arguments of a function can't be stored",
    "arguments-v3": "the arguments of a function can't be stored",
    "call": "a function can't be stored",
    "callable": "a callable can't be stored",
    "ellipsis": "`...` can't be stored",
    "generator": "storing an iterator would use it up; store a list",
    "is-subclass": "a class can't be stored",
    "json": "a Json field isn't written as the text it is read from; use the type inside it",
}
_REFUSED_AS_KEYS: Final = frozenset(
    {"none", "nullable", "list", "tuple", "named-tuple", "set", "frozenset", "deque", "dict"}
    | {"typed-dict", "model", "dataclass", "counter", "frozendict", "ordered-dict"}
)


@dataclass(frozen=True, slots=True)
class Storable:
    """A core schema, ready for a channel.

    Attributes:
        core: The schema, changed as `storable` says.
        config: The config to compile it with.
        is_faithful: Whether every valid value comes back from JSON; if not, each has to be tried.
        is_plain: Whether its JSON is never an array, and contains neither `NaN` nor infinity.
        has_aliases: Whether a field's name in JSON differs from its name in Python.
        kinds: The kinds of JSON that a value may be written as.
    """

    core: Any
    config: Any
    is_faithful: bool
    is_plain: bool
    has_aliases: bool
    kinds: Kinds


def storable(core: Any, *, strict: bool, from_data: bool = False) -> Storable:
    """Return what it takes to write and read the values of a core schema.

    Args:
        core: As pydantic made it; it is not changed.
        strict: Whether to refuse values that would have to be coerced.
        from_data: Whether to accept plain data in place of instances of classes, as JSON does.

    Raises:
        Unstorable: Some part of it does not survive a round trip through JSON.
    """
    walk = Walk(_RULES, strict, from_data)
    config = walk.config({})
    node, kinds = walk.visit(core, Position("", config))
    is_plain = walk.is_faithful and not walk.has_floats and "array" not in kinds
    return Storable(node, config, walk.is_faithful, is_plain, walk.has_aliases, kinds)


def _refused(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if at.in_json:
        raise Unstorable(at.path, _REFUSED[node["type"]])
    return walk.visit_unknown(node, at)


# Scalars


def _scalar(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    return node, _SCALARS[node["type"]]


def _float(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    walk.has_floats = True
    return _scalar(walk, node, at)


def _str(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if any(node.get(name, at.config.get(f"str_{name}")) for name in ("to_lower", "to_upper")):
        walk.doubt(at)  # its limits are checked before the text is changed
    return _scalar(walk, node, at)


def _moment(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    exact: Any = exact_datetime if node["type"] == "datetime" else exact_time
    return (node if walk.from_data else exact(node)), _TEXT


def _literal(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    return node, _kinds_of(node["expected"], node, at)


def _enum(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if issubclass(node["cls"], Flag) or "missing" in node:
        walk.doubt(at)  # not every value is a member
    kinds = _kinds_of(node["members"], node, at)
    return ({**node, "strict": False} if walk.from_data else node), kinds


def _kinds_of(values: Iterable[Any], node: Any, at: Position) -> Kinds:
    """Return the kinds of the values that a node lists, if all of them survive a round trip."""
    write, read = SchemaSerializer(node, at.config), SchemaValidator(node, at.config)
    for value in values:
        if at.in_json and not _comes_back(value, write, read):
            raise Unstorable(at.path, f"{value!r} does not survive a round trip through JSON")
    plain = (getattr(value, "value", value) for value in values)
    return frozenset(_KIND_OF.get(type(value), "str") for value in plain)


def _comes_back(value: Any, write: SchemaSerializer, read: SchemaValidator) -> bool:
    try:
        back = read.validate_json(write.to_json(value))
    except (ValidationError, PydanticSerializationError):
        return False
    return not any(differences(value, back))


def _is_instance(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if at.in_json:
        wanted = getattr(node["cls"], "__qualname__", repr(node["cls"]))
        raise Unstorable(at.path, f"JSON can't carry an instance of {wanted}")
    return node, ANY


# Nodes that wrap another, or refer to it


def _wrapper(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    new, (kinds,) = walk.visit_children(node, at)
    return new, kinds


def _default(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if node.get("on_error", "raise") != "raise":
        walk.doubt(at)
    return _wrapper(walk, node, at)


def _nullable(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    new, kinds = _wrapper(walk, node, at)
    if "null" in kinds:
        walk.doubt(at)
    return new, kinds | {"null"}


def _definitions(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    walk.bodies = bodies_in(node)
    new, kinds = walk.visit(node["schema"], at)
    return {**node, "schema": new, "definitions": list(walk.changed.values())}, kinds


def _reference(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    return node, walk.visit_reference(node["schema_ref"], at)


# Unions


def _union(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    new, kinds = walk.visit_children(node, at)
    together: Kinds = frozenset().union(*kinds)
    is_smart = node.get("mode", "smart") == "smart" and at.is_strict(node)
    if not is_smart or len(together) < sum(map(len, kinds)):
        walk.doubt(at)
    choices = (each[0] if isinstance(each, tuple) else each for each in new["choices"])
    return {**new, "choices": [(each, str(i)) for i, each in enumerate(choices)]}, together


def _tagged_union(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if callable(node["discriminator"]):
        walk.doubt(at)
    return walk.visit_children(node, at)[0], OBJECT


# Collections


def _array(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if "items_schema" not in node:
        walk.doubt(at)
    return walk.visit_children(node, at)[0], ARRAY


def _dict(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if node["type"] != "dict" or not {"keys_schema", "values_schema"} <= node.keys():
        walk.doubt(at)
    if "keys_schema" in node:
        _check_keys(walk, node["keys_schema"], at)
    return walk.visit_children(node, at)[0], OBJECT


def _check_keys(walk: Walk, node: Node, at: Position) -> None:
    kind = node["type"]
    if kind == "definition-ref":
        _check_keys(walk, walk.bodies[node["schema_ref"]], at)
    elif kind in _REFUSED_AS_KEYS:
        raise Unstorable(at.path, f"JSON can't have keys of type {kind}; use a list of pairs")
    elif kind in {"literal", "enum"}:
        keys = node["expected"] if kind == "literal" else node["members"]
        _kinds_of([{key: 0} for key in keys], {"type": "dict", "keys_schema": node}, at)
    elif kind not in _SCALARS or kind == "float":
        walk.doubt(at)  # several keys may be NaN


_RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(_REFUSED, _refused),
    **dict.fromkeys(_SCALARS, _scalar),
    "float": _float,
    "str": _str,
    "datetime": _moment,
    "time": _moment,
    "literal": _literal,
    "enum": _enum,
    "is-instance": _is_instance,
    **dict.fromkeys(("custom-error", "named-tuple-field"), _wrapper),
    "default": _default,
    "nullable": _nullable,
    "definitions": _definitions,
    "definition-ref": _reference,
    "union": _union,
    "tagged-union": _tagged_union,
    **dict.fromkeys(("list", "set", "frozenset", "tuple"), _array),
    **dict.fromkeys(("dict", "counter", "frozendict", "ordered-dict"), _dict),
    **FIELD_RULES,
}

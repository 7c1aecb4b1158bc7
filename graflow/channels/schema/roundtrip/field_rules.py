"""Round-trip rules for types with fields."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from pydantic_core import core_schema as build

from graflow.channels.schema.nodes import Node, children, inside, marked
from graflow.channels.schema.roundtrip.walk import (
    ARRAY,
    OBJECT,
    Kinds,
    Position,
    Rule,
    Unstorable,
    Walk,
)

__all__ = ["FIELD_RULES"]


def _typed_dict(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    at = _own_config(walk, node, at)
    is_said = "extra_fields_behavior" in node.get("config", {})
    if node.get("extra_behavior", "ignore") == "ignore" and not is_said:
        node = {**node, "extra_behavior": "forbid"}
    return {**_fields(walk, node, at)[0], "config": at.config}, OBJECT


def _own_config(walk: Walk, node: Node, at: Position) -> Position:
    return replace(at, config=walk.config(node["config"])) if "config" in node else at


def _fields(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    given = dict(node)
    given.pop("computed_fields", None)
    if isinstance(node["fields"], list):
        given["fields"] = [field for field in node["fields"] if field.get("init", True)]
    extra = node.get("extra_behavior", at.config["extra_fields_behavior"])
    if len(given["fields"]) < len(node["fields"]) or extra == "allow":
        walk.doubt(at)
    new, _ = walk.visit_children(given, at)
    stored: dict[str, str] = {}
    for part in children(new):
        if part.entry == "fields":
            first = stored.setdefault(part.node["serialization_alias"], part.label)
            if first != part.label:
                raise Unstorable(at.inside(part).path, f"{first!r} has the same alias")
    return (marked(new) if extra == "ignore" else new), OBJECT


def _field(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    if node.get("serialization_exclude"):
        raise Unstorable(at.path, "it is never written, so it can't be read back")
    if node.get("init_only"):
        if node["schema"]["type"] != "default":
            raise Unstorable(at.path, "an InitVar is lost once the instance has been made")
        walk.doubt(at)
    if "serialization_exclude_if" in node:
        walk.doubt(at)
    alias = _stored_name(walk, node, at)
    new, (kinds,) = walk.visit_children(node, at)
    return {**new, "serialization_alias": alias}, kinds


def _stored_name(walk: Walk, field: Node, at: Position) -> str:
    """Return a name that a field can be read from."""
    name, alias = str(at.label), field.get("validation_alias")
    if alias is None or not at.config.get("validate_by_alias", True):
        return name
    walk.has_aliases = True
    by_name = at.config.get("validate_by_name", False)
    if by_name or not isinstance(alias, str):
        walk.doubt(at)  # it may be read from several names
    if isinstance(alias, str):
        return alias
    ways = alias if isinstance(alias[0], list) else [alias]
    names = [str(way[0]) for way in ways if len(way) == 1] + ([name] if by_name else [])
    if not names:
        raise Unstorable(at.path, "an AliasPath reads it from inside another field")
    return names[0]


def _instance(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    at = _own_config(walk, node, at)
    if node.get("custom_init") or node.get("post_init"):
        walk.doubt(at)
    new, (kinds,) = walk.visit_children(node, at)
    new["config"] = at.config
    new["revalidate_instances"] = "always"
    new["strict"] = at.is_strict(node) and not walk.from_data
    if node["type"] == "dataclass":
        given = _names_given(new["schema"])
        new["fields"] = [name for name in node["fields"] if name in given]
    elif not node.get("root_model"):
        new["schema"] = _without_cached(node["cls"], new["schema"])
    return new, kinds


def _names_given(node: Node) -> set[str]:
    """Return the names of the fields that a dataclass both takes and keeps."""
    while "fields" not in node:
        node = inside(node) or {"fields": []}
    return {field["name"] for field in node["fields"] if not field.get("init_only")}


def _without_cached(cls: type, fields: Any) -> Any:
    """Return `fields` such that cached properties of an instance don't count as fields."""
    cached = {
        name
        for base in cls.__mro__
        for name, value in vars(base).items()
        if isinstance(value, cached_property)
    }
    if not cached:
        return fields

    def drop(data: Any) -> Any:
        return {name: data[name] for name in data if name not in cached}

    return build.json_or_python_schema(
        fields, build.no_info_before_validator_function(drop, fields)
    )


def _named_tuple(walk: Walk, node: Node, at: Position) -> tuple[Node, Kinds]:
    new: Any = walk.visit_children(node, at)[0]
    if walk.from_data or not at.is_strict({}):
        return new, ARRAY
    ref = new.pop("ref", None)
    exact = build.chain_schema([build.is_instance_schema(node["cls"]), new])
    both: Any = build.json_or_python_schema(new, exact, ref=ref)
    return both, ARRAY


FIELD_RULES: Final[dict[str, Rule]] = {
    "typed-dict": _typed_dict,
    "typed-dict-field": _field,
    "model": _instance,
    "model-fields": _fields,
    "model-field": _field,
    "dataclass": _instance,
    "dataclass-args": _fields,
    "dataclass-field": _field,
    "named-tuple": _named_tuple,
}
"""The rules, by the kind of node."""

"""Round-trip rules for types with fields."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from pydantic_core import core_schema as build

from graflow.channels.schema.walk import (
    ARRAY,
    OBJECT,
    CoreWalk,
    Kinds,
    Node,
    Place,
    Unstorable,
    marked,
)

__all__ = ["ClassWalk"]


class ClassWalk(CoreWalk):
    """The rules for a `TypedDict`, a model, a dataclass and a named tuple."""

    def _typed_dict(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        place = self._own_config(node, place)
        new = {**self._fields(node, place)[0], "config": place.config}
        own_extra = node.get("config", {}).get("extra_fields_behavior")
        if node.get("extra_behavior") == "ignore" and own_extra is None:
            new["extra_behavior"] = "forbid"
        return new, OBJECT

    def _own_config(self, node: Node, place: Place) -> Place:
        return replace(place, config=self.config(node["config"])) if "config" in node else place

    def _fields(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        new = self._children(node, place)
        new.pop("computed_fields", None)
        fields = node["fields"]
        named = fields if isinstance(fields, dict) else {field["name"]: field for field in fields}
        given = {name: field for name, field in named.items() if field.get("init", True)}
        if len(given) < len(named) or _extra_behavior(node, place) == "allow":
            self._doubt(place)
        changed = {name: self._field(name, given[name], place) for name in given}
        stored: dict[str, str] = {}
        for name, field in changed.items():
            if stored.setdefault(field["serialization_alias"], name) != name:
                other = stored[field["serialization_alias"]]
                raise Unstorable(place.step(f".{name}").path, f"{other!r} has the same alias")
        new["fields"] = changed if isinstance(fields, dict) else list(changed.values())
        return (marked(new) if _extra_behavior(node, place) == "ignore" else new), OBJECT

    _model_fields = _dataclass_args = _fields

    def _field(self, name: str, field: Node, place: Place) -> Node:
        place = place.step(f".{name}")
        if field.get("serialization_exclude"):
            raise Unstorable(place.path, "it is excluded from what is written")
        if field.get("init_only"):
            if field["schema"]["type"] != "default":
                raise Unstorable(place.path, "an InitVar is gone by the time the value is stored")
            self._doubt(place)
        if "serialization_exclude_if" in field:
            self._doubt(place)
        alias = self._stored_name(name, field, place)
        return {**self._children(field, place), "serialization_alias": alias}

    def _stored_name(self, name: str, field: Node, place: Place) -> str:
        """Return a name that the field is read from."""
        alias = field.get("validation_alias")
        if alias is None or not place.config.get("validate_by_alias", True):
            return name
        self.has_aliases = True
        by_name = place.config.get("validate_by_name", False)
        if by_name or not isinstance(alias, str):
            self._doubt(place)  # there are several names to read it from
        if isinstance(alias, str):
            return alias
        ways = alias if isinstance(alias[0], list) else [alias]
        names = [str(way[0]) for way in ways if len(way) == 1] + ([name] if by_name else [])
        if not names:
            raise Unstorable(place.path, "an AliasPath reads it from inside another field")
        return names[0]

    def _model(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        place = self._own_config(node, place)
        if node.get("custom_init") or node.get("post_init"):
            self._doubt(place)
        inner, kinds = self.visit(node["schema"], place)
        if not node.get("root_model"):
            inner = _without_cached(node["cls"], inner)
        return self._instances(node, inner, place), kinds

    def _dataclass(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        place = self._own_config(node, place)
        if node.get("post_init"):
            self._doubt(place)
        inner, kinds = self.visit(node["schema"], place)
        given = _names_given(inner)
        fields = [name for name in node["fields"] if name in given]
        return {**self._instances(node, inner, place), "fields": fields}, kinds

    def _instances(self, node: Node, inner: Node, place: Place) -> Node:
        return {
            **node,
            "schema": inner,
            "config": place.config,
            "revalidate_instances": "always",
            "strict": place.is_strict(node) and not self._from_data,
        }

    def _named_tuple(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        fields = [
            self._children(field, place.step(f".{field['name']}")) for field in node["fields"]
        ]
        new: Any = {**node, "fields": fields}
        if self._from_data or not place.is_strict({}):
            return new, ARRAY
        ref = new.pop("ref", None)
        exact = build.chain_schema([build.is_instance_schema(node["cls"]), new])
        both: Any = build.json_or_python_schema(new, exact, ref=ref)
        return both, ARRAY


def _extra_behavior(node: Node, place: Place) -> str:
    behavior = place.config["extra_fields_behavior"]
    if node["type"] != "typed-dict" or node.get("extra_behavior", "ignore") != "ignore":
        behavior = node.get("extra_behavior", behavior)
    return str(behavior)


def _names_given(node: Node) -> set[str]:
    """Return the names of the fields that a dataclass is made from, and has."""
    while "fields" not in node:
        node = node["schema"]
    return {field["name"] for field in node["fields"] if not field.get("init_only")}


def _without_cached(cls: type, fields: Any) -> Any:
    """Return `fields` such that the cached properties of an instance are not data."""
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

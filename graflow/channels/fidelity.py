"""What of a schema JSON carries there and back.

A core schema of pydantic is a tree of dicts, one for each part of a type. `prepare` walks it
once: it refuses what JSON can't carry, finds out whether every value of the rest is sure to come
back, and returns a tree that is strict and closed wherever the schema's own config does not say
otherwise, and that writes what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Flag
from functools import cached_property
from typing import Any, Final

from pydantic_core import (
    PydanticSerializationError,
    SchemaSerializer,
    SchemaValidator,
    ValidationError,
)
from pydantic_core import core_schema as build

from graflow.channels.moments import exact_datetime, exact_time
from graflow.channels.sameness import differences

__all__ = ["ALTERS", "Node", "Plan", "Unstorable", "prepare"]

Node = dict[str, Any]
"""A part of a core schema."""

Kinds = frozenset[str]
"""The kinds of JSON that a part of a schema may be."""

ALTERS: Final = "graflow_alters"
"""In a node's metadata: the schema itself asks validation to change some values there."""

_ANY: Kinds = frozenset({"null", "bool", "int", "float", "str", "array", "object"})
_ARRAY: Kinds = frozenset({"array"})
_OBJECT: Kinds = frozenset({"object"})
_TEXT: Kinds = frozenset({"str"})
_NUMBER: Kinds = frozenset({"str", "int", "float"})

_LEAVES: Final[dict[str, Kinds]] = {
    "none": frozenset({"null"}),
    "bool": frozenset({"bool"}),
    "int": frozenset({"int"}),
    "float": frozenset({"float"}),
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
    "generator": "an iterator would be used up by storing it; a list can be stored",
    "is-subclass": "a class can't be stored",
}
_REFUSED_AS_KEYS: Final = frozenset(
    {"none", "nullable", "list", "tuple", "named-tuple", "set", "frozenset", "deque", "dict"}
    | {"typed-dict", "model", "dataclass", "counter", "frozendict", "ordered-dict"}
)
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
class Plan:
    """A core schema, ready for a channel.

    Attributes:
        core: The schema, changed as `prepare` says.
        config: The config to compile it with.
        is_faithful: Every valid value comes back from JSON; otherwise each has to be tried.
        has_aliases: A field has another name in JSON than it has in Python.
        kinds: The kinds of JSON that a value may be.
    """

    core: Any
    config: Any
    is_faithful: bool
    has_aliases: bool
    kinds: Kinds


def prepare(core: Any, *, strict: bool, from_data: bool = False) -> Plan:
    """Return how to write and read the values of a core schema.

    Args:
        core: As pydantic made it; it stays as it is.
        strict: Whether to refuse what would have to be coerced.
        from_data: Take plain data in place of instances of classes, as JSON does.

    Raises:
        Unstorable: JSON can't carry some part there and back.
    """
    walk = _Walk(strict, from_data)
    place = _Place("", walk.config({}))
    node, kinds = walk.visit(core, place)
    return Plan(node, place.config, walk.is_faithful, walk.has_aliases, kinds)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is.

    Attributes:
        path: As in `rows[].conn`.
        config: The core config that applies there.
        in_json: Whether JSON text can get there.
    """

    path: str
    config: Any
    in_json: bool = True

    def step(self, step: str) -> _Place:
        return replace(self, path=(self.path + step).removeprefix("."))

    def outside_json(self) -> _Place:
        return replace(self, in_json=False)

    def is_strict(self, node: Node) -> bool:
        return bool(node.get("strict", self.config.get("strict", False)))


class _Walk:
    """One walk through a core schema, and what it has found so far."""

    def __init__(self, strict: bool, from_data: bool) -> None:
        self.is_faithful = True
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

    def visit(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        """Return a node as a channel needs it, and the kinds of JSON that it may be."""
        kind: str = node["type"]
        if place.in_json and kind in _REFUSED:
            raise Unstorable(place.path, _REFUSED[kind])
        if kind in _LEAVES:
            new, kinds = self._leaf(node), _LEAVES[kind]
        else:
            visit: Callable[[Node, _Place], tuple[Node, Kinds]] = getattr(
                self, "_" + kind.replace("-", "_"), self._unknown
            )
            new, kinds = visit(node, place)
        if "serialization" in node:
            kinds = self._doubt(place)
            new = {**new, "serialization": self._children(node["serialization"], place, False)}
        return (_marked(new) if _may_alter(node, place) else new), kinds

    def _doubt(self, place: _Place) -> Kinds:
        """Note that values have to be tried, because of what is at `place`."""
        self.is_faithful &= not place.in_json
        return _ANY

    def _children(self, node: Node, place: _Place, in_json: bool = True) -> Node:
        place = place if in_json else place.outside_json()
        new = dict(node)
        for name in node.keys() & _CHILDREN.keys():
            new[name] = self.visit(node[name], place.step(_CHILDREN[name]))[0]
        if "return_schema" in node:
            new["return_schema"] = self.visit(node["return_schema"], place.outside_json())[0]
        return new

    def _unknown(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        return self._children(node, place), self._doubt(place)

    # Scalars

    def _leaf(self, node: Node) -> Any:
        if self._from_data:
            return node
        if node["type"] == "datetime":
            return exact_datetime(node)
        return exact_time(node) if node["type"] == "time" else node

    def _literal(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        return node, self._listed(node, node["expected"], place)

    def _enum(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if issubclass(node["cls"], Flag) or "missing" in node:
            self._doubt(place)  # there are other values than the members
        kinds = self._listed(node, node["members"], place)
        return ({**node, "strict": False} if self._from_data else node), kinds

    def _listed(self, node: Any, values: Iterable[Any], place: _Place) -> Kinds:
        write, read = SchemaSerializer(node, place.config), SchemaValidator(node, place.config)
        for value in values:
            if place.in_json and not _comes_back(value, write, read):
                raise Unstorable(place.path, f"JSON does not carry {value!r} there and back")
        plain = (getattr(value, "value", value) for value in values)
        return frozenset(_KIND_OF.get(type(value), "str") for value in plain)

    def _is_instance(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if place.in_json:
            wanted = getattr(node["cls"], "__qualname__", repr(node["cls"]))
            raise Unstorable(place.path, f"JSON can't carry an instance of {wanted}")
        return node, _ANY

    # What wraps another part

    def _wrapper(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        inner, kinds = self.visit(node["schema"], place)
        return {**node, "schema": inner}, kinds

    _custom_error = _wrapper

    def _default(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if node.get("on_error", "raise") != "raise":
            self._doubt(place)
        return self._wrapper(node, place)

    def _nullable(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        new, kinds = self._wrapper(node, place)
        if "null" in kinds:
            self._doubt(place)
        return new, kinds | {"null"}

    def _definitions(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        self._bodies = {inner["ref"]: inner for inner in node["definitions"]}
        new, kinds = self.visit(node["schema"], place)
        return {**node, "schema": new, "definitions": list(self._changed.values())}, kinds

    def _definition_ref(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        ref = node["schema_ref"]
        known = (ref, place.in_json)
        if known not in self._kinds:
            self._kinds[known] = frozenset()
            self._changed[ref], kinds = self.visit(self._bodies[ref], place)
            self._kinds[known] = kinds
        # Inside of itself it has none yet; and text of any depth is not sure to be read back.
        return node, self._kinds[known] or self._doubt(place)

    # What may be one thing or another

    def _union(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if node.get("mode", "smart") != "smart" or not place.is_strict(node):
            self._doubt(place)
        choices: list[tuple[Node, str]] = []
        together: Kinds = frozenset()
        for choice in node["choices"]:
            new, kinds = self.visit(choice[0] if isinstance(choice, tuple) else choice, place)
            if together & kinds:
                self._doubt(place)
            together |= kinds
            choices.append((new, str(len(choices))))
        return {**node, "choices": choices}, together

    def _tagged_union(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if callable(node["discriminator"]):
            self._doubt(place)
        choices = {tag: self.visit(inner, place)[0] for tag, inner in node["choices"].items()}
        return {**node, "choices": choices}, _OBJECT

    def _json_or_python(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        from_json, _ = self.visit(node["json_schema"], place)
        from_python, _ = self.visit(node["python_schema"], place.outside_json())
        new = {**node, "json_schema": from_json, "python_schema": from_python}
        return new, self._doubt(place)

    def _lax_or_strict(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        outside = place.outside_json()
        lax, strict = (outside, place) if place.is_strict(node) else (place, outside)
        lax_schema, _ = self.visit(node["lax_schema"], lax)
        strict_schema, _ = self.visit(node["strict_schema"], strict)
        new = {**node, "lax_schema": lax_schema, "strict_schema": strict_schema}
        return new, self._doubt(place)

    def _chain(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        first, *others = node["steps"]
        steps = [self.visit(first, place)[0]]
        steps += [self.visit(step, place.outside_json())[0] for step in others]
        return {**node, "steps": steps}, self._doubt(place)

    # Collections

    def _array(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if "items_schema" not in node:
            self._doubt(place)
        return self._children(node, place), _ARRAY

    _list = _set = _frozenset = _array

    def _tuple(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        variadic = node.get("variadic_item_index")
        items = [
            self.visit(item, place.step("[]" if i == variadic else f"[{i}]"))[0]
            for i, item in enumerate(node["items_schema"])
        ]
        return {**node, "items_schema": items}, _ARRAY

    def _dict(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        if node["type"] != "dict" or not {"keys_schema", "values_schema"} <= node.keys():
            self._doubt(place)
        if "keys_schema" in node:
            self._check_keys(node["keys_schema"], place)
        return self._children(node, place), _OBJECT

    _counter = _frozendict = _ordered_dict = _dict

    def _check_keys(self, node: Node, place: _Place) -> None:
        kind = node["type"]
        if kind == "definition-ref":
            self._check_keys(self._bodies[node["schema_ref"]], place)
        elif kind in _REFUSED_AS_KEYS:
            raise Unstorable(place.path, f"JSON has no keys of type {kind}; use a list of pairs")
        elif kind in {"literal", "enum"}:
            keys = node["expected"] if kind == "literal" else node["members"]
            in_dict: Any = {"type": "dict", "keys_schema": node}
            self._listed(in_dict, [{key: 0} for key in keys], place)
        elif kind not in _LEAVES:
            self._doubt(place)

    # Classes with fields

    def _typed_dict(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        place = self._own_config(node, place)
        new = {**self._fields(node, place)[0], "config": place.config}
        own_extra = node.get("config", {}).get("extra_fields_behavior")
        if node.get("extra_behavior") == "ignore" and own_extra is None:
            new["extra_behavior"] = "forbid"
        return new, _OBJECT

    def _own_config(self, node: Node, place: _Place) -> _Place:
        return replace(place, config=self.config(node["config"])) if "config" in node else place

    def _fields(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
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
        return (_marked(new) if _extra_behavior(node, place) == "ignore" else new), _OBJECT

    _model_fields = _dataclass_args = _fields

    def _field(self, name: str, field: Node, place: _Place) -> Node:
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

    def _stored_name(self, name: str, field: Node, place: _Place) -> str:
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

    def _model(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        place = self._own_config(node, place)
        if node.get("custom_init") or node.get("post_init"):
            self._doubt(place)
        inner, kinds = self.visit(node["schema"], place)
        if not node.get("root_model"):
            inner = _without_cached(node["cls"], inner)
        return self._instances(node, inner, place), kinds

    def _dataclass(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        place = self._own_config(node, place)
        if node.get("post_init"):
            self._doubt(place)
        inner, kinds = self.visit(node["schema"], place)
        given = _names_given(inner)
        fields = [name for name in node["fields"] if name in given]
        return {**self._instances(node, inner, place), "fields": fields}, kinds

    def _instances(self, node: Node, inner: Node, place: _Place) -> Node:
        new = {**node, "schema": inner, "config": place.config, "revalidate_instances": "always"}
        return {**new, "strict": False} if self._from_data else new

    def _named_tuple(self, node: Node, place: _Place) -> tuple[Node, Kinds]:
        fields = [
            self._children(field, place.step(f".{field['name']}")) for field in node["fields"]
        ]
        new: Any = {**node, "fields": fields}
        if self._from_data or not place.is_strict({}):
            return new, _ARRAY
        ref = new.pop("ref", None)
        exact = build.chain_schema([build.is_instance_schema(node["cls"]), new])
        both: Any = build.json_or_python_schema(new, exact, ref=ref)
        return both, _ARRAY


def _comes_back(value: Any, write: SchemaSerializer, read: SchemaValidator) -> bool:
    try:
        back = read.validate_json(write.to_json(value))
    except (ValidationError, PydanticSerializationError):
        return False
    return not any(differences(value, back))


def _may_alter(node: Node, place: _Place) -> bool:
    """Tell whether a schema asks for a change of values that are valid."""
    kind = node["type"]
    if kind.startswith("function-"):
        return True
    if kind == "str":
        options = ("strip_whitespace", "to_lower", "to_upper")
        if any(node.get(name, place.config.get(f"str_{name}")) for name in options):
            return True
    if kind in _LEAVES or kind in {"literal", "enum", "list", "set", "frozenset", "tuple"}:
        return not place.is_strict(node)
    return False


def _marked(node: Node) -> Node:
    return {**node, "metadata": {**node.get("metadata", {}), ALTERS: True}}


def _extra_behavior(node: Node, place: _Place) -> str:
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
    """Return `fields` such that the cached properties of an instance are no data."""
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

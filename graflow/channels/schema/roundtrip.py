"""Round-trip rules: which parts of a schema survive the way through JSON and back.

A core schema of pydantic is a tree of dicts, one for each part of a type. `prepare` walks it
once: it refuses what JSON can't carry, finds out whether every value of the rest is sure to come
back, and returns a tree that is strict and closed wherever the schema's own config does not say
otherwise, and that writes what it reads.
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

from graflow.channels.schema.datetimes import exact_datetime, exact_time
from graflow.channels.schema.differences import differences
from graflow.channels.schema.walk import ANY, ARRAY, OBJECT, Kinds, Node, Place, Unstorable, marked
from graflow.channels.schema.walk_fields import ClassWalk

__all__ = ["Plan", "prepare"]

_TEXT: Kinds = frozenset({"str"})
_NUMBER: Kinds = frozenset({"str", "int", "float"})

_LEAVES: Final[dict[str, Kinds]] = {
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
    "generator": "an iterator would be used up by storing it; a list can be stored",
    "is-subclass": "a class can't be stored",
    "json": "a Json field is read from text that it is not written as; use the type inside it",
}
_REFUSED_AS_KEYS: Final = frozenset(
    {"none", "nullable", "list", "tuple", "named-tuple", "set", "frozenset", "deque", "dict"}
    | {"typed-dict", "model", "dataclass", "counter", "frozendict", "ordered-dict"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A core schema, ready for a channel.

    Attributes:
        core: The schema, changed as `prepare` says.
        config: The config to compile it with.
        is_faithful: Every valid value comes back from JSON; otherwise each has to be tried.
        is_plain: Its JSON is not an array, and contains neither `NaN` nor infinity.
        has_aliases: A field has another name in JSON than it has in Python.
        kinds: The kinds of JSON that a value may be.
    """

    core: Any
    config: Any
    is_faithful: bool
    is_plain: bool
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
    place = Place("", walk.config({}))
    node, kinds = walk.visit(core, place)
    is_plain = walk.is_faithful and not walk.has_floats and "array" not in kinds
    return Plan(node, place.config, walk.is_faithful, is_plain, walk.has_aliases, kinds)


class _Walk(ClassWalk):
    """The rules for all else: scalars, collections, unions."""

    def visit(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        """Return a node as a channel needs it, and the kinds of JSON that it may be."""
        kind = node["type"]
        if place.in_json and kind in _REFUSED:
            raise Unstorable(place.path, _REFUSED[kind])
        new, kinds = super().visit(node, place)
        return (marked(new) if _may_alter(node, place) else new), kinds

    def _unknown(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if node["type"] in _LEAVES:
            return self._leaf(node, place), _LEAVES[node["type"]]
        return super()._unknown(node, place)

    # Scalars

    def _leaf(self, node: Node, place: Place) -> Any:
        kind = node["type"]
        self.has_floats |= kind == "float"
        if kind == "str" and _has_option(("to_lower", "to_upper"), node, place):
            self._doubt(place)  # the limits are for the text as it was before
        if kind == "datetime" and not self._from_data:
            return exact_datetime(node)
        return exact_time(node) if kind == "time" and not self._from_data else node

    def _literal(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        return node, self._listed(node, node["expected"], place)

    def _enum(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if issubclass(node["cls"], Flag) or "missing" in node:
            self._doubt(place)  # there are other values than the members
        kinds = self._listed(node, node["members"], place)
        return ({**node, "strict": False} if self._from_data else node), kinds

    def _listed(self, node: Any, values: Iterable[Any], place: Place) -> Kinds:
        write, read = SchemaSerializer(node, place.config), SchemaValidator(node, place.config)
        for value in values:
            if place.in_json and not _comes_back(value, write, read):
                raise Unstorable(place.path, f"JSON does not carry {value!r} there and back")
        plain = (getattr(value, "value", value) for value in values)
        return frozenset(_KIND_OF.get(type(value), "str") for value in plain)

    def _is_instance(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if place.in_json:
            wanted = getattr(node["cls"], "__qualname__", repr(node["cls"]))
            raise Unstorable(place.path, f"JSON can't carry an instance of {wanted}")
        return node, ANY

    # What may be one thing or another

    def _union(self, node: Node, place: Place) -> tuple[Node, Kinds]:
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

    def _tagged_union(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if callable(node["discriminator"]):
            self._doubt(place)
        choices = {tag: self.visit(inner, place)[0] for tag, inner in node["choices"].items()}
        return {**node, "choices": choices}, OBJECT

    def _json_or_python(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        from_json, _ = self.visit(node["json_schema"], place)
        from_python, _ = self.visit(node["python_schema"], place.outside_json())
        new = {**node, "json_schema": from_json, "python_schema": from_python}
        return new, self._doubt(place)

    def _lax_or_strict(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        outside = place.outside_json()
        lax, strict = (outside, place) if place.is_strict(node) else (place, outside)
        lax_schema, _ = self.visit(node["lax_schema"], lax)
        strict_schema, _ = self.visit(node["strict_schema"], strict)
        new = {**node, "lax_schema": lax_schema, "strict_schema": strict_schema}
        return new, self._doubt(place)

    def _chain(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        first, *others = node["steps"]
        steps = [self.visit(first, place)[0]]
        steps += [self.visit(step, place.outside_json())[0] for step in others]
        return {**node, "steps": steps}, self._doubt(place)

    # Collections

    def _array(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if "items_schema" not in node:
            self._doubt(place)
        return self._children(node, place), ARRAY

    _list = _set = _frozenset = _array

    def _tuple(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        variadic = node.get("variadic_item_index")
        items = [
            self.visit(item, place.step("[]" if i == variadic else f"[{i}]"))[0]
            for i, item in enumerate(node["items_schema"])
        ]
        return {**node, "items_schema": items}, ARRAY

    def _dict(self, node: Node, place: Place) -> tuple[Node, Kinds]:
        if node["type"] != "dict" or not {"keys_schema", "values_schema"} <= node.keys():
            self._doubt(place)
        if "keys_schema" in node:
            self._check_keys(node["keys_schema"], place)
        return self._children(node, place), OBJECT

    _counter = _frozendict = _ordered_dict = _dict

    def _check_keys(self, node: Node, place: Place) -> None:
        kind = node["type"]
        if kind == "definition-ref":
            self._check_keys(self._bodies[node["schema_ref"]], place)
        elif kind in _REFUSED_AS_KEYS:
            raise Unstorable(place.path, f"JSON has no keys of type {kind}; use a list of pairs")
        elif kind in {"literal", "enum"}:
            keys = node["expected"] if kind == "literal" else node["members"]
            in_dict: Any = {"type": "dict", "keys_schema": node}
            self._listed(in_dict, [{key: 0} for key in keys], place)
        elif kind not in _LEAVES or kind == "float":
            self._doubt(place)  # of NaN, which may be several keys


def _comes_back(value: Any, write: SchemaSerializer, read: SchemaValidator) -> bool:
    try:
        back = read.validate_json(write.to_json(value))
    except (ValidationError, PydanticSerializationError):
        return False
    return not any(differences(value, back))


def _may_alter(node: Node, place: Place) -> bool:
    """Tell whether a schema asks for a change of values that are valid."""
    kind = node["type"]
    if kind.startswith("function-"):
        return True
    options = ("strip_whitespace", "to_lower", "to_upper")
    if kind == "str" and _has_option(options, node, place):
        return True
    if kind in _LEAVES or kind in {"literal", "enum", "list", "set", "frozenset", "tuple"}:
        return not place.is_strict(node)
    return False


def _has_option(names: Iterable[str], node: Node, place: Place) -> bool:
    return any(node.get(name, place.config.get(f"str_{name}")) for name in names)

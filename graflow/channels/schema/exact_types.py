"""A quick look at whether strict validation took a value as it is.

Pydantic's strict mode turns an instance of a subclass into one of the class that a schema names,
and an `int` into a `float`, which a channel must notice. To compare each value with what
validation made of it takes long. So a look at the types is compiled for most schemas: one Python
expression that is true for a valid value that validation is sure to have left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from keyword import iskeyword
from types import NoneType
from typing import Any, Final
from uuid import UUID

from graflow.channels.schema.datetimes import EXACT
from graflow.channels.schema.roundtrip import Plan
from graflow.channels.schema.walk import ALTERS, Node

__all__ = ["TOO_DEEP", "Expressions", "NoLook", "compile_look", "conjunction"]

Look = Callable[[Any], bool]
"""Tells of a valid value whether validation is sure to have left it alone."""

_TYPES: Final[dict[str, type]] = {
    "none": NoneType,
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "bytes": bytes,
    "uuid": UUID,
    "date": date,
    "timedelta": timedelta,
    "decimal": Decimal,
    "complex": complex,
}
_COLLECTIONS: Final = {"list": list, "set": set, "frozenset": frozenset}
_ALWAYS: Final = "True"

TOO_DEEP: Final = (MemoryError, RecursionError, SyntaxError)
"""What Python raises for an expression that is nested too deep for its parser."""


class NoLook(Exception):
    """The types alone do not tell enough about values of a schema."""


def compile_look(plan: Plan) -> Look:
    """Return a function that is true only for values that, if valid, were taken as they are.

    Where it is false, or raises a `LookupError` or an `AttributeError`, a value has to be
    compared with what validation made of it.
    """
    try:
        return Expressions().function(plan.core)
    except (NoLook, *TOO_DEEP):
        return lambda value: False


class Expressions:
    """Makes expressions, and keeps what the names in them stand for."""

    def __init__(self) -> None:
        self._space: dict[str, Any] = {}
        self._numbers = count()
        self._bodies: dict[str, Node] = {}
        self._functions: dict[str, str] = {}

    def function(self, node: Node) -> Look:
        """Return a function of a value of a node."""
        return self._compiled(self._look(node, "value"))

    def _compiled(self, look: str) -> Look:
        """Return a function of `value` with the result of an expression."""
        function: Look = eval(f"lambda value: {look}", self._space)
        return function

    def _name(self, meaning: object = None) -> str:
        name = f"x{next(self._numbers)}"
        self._space[name] = meaning
        return name

    def _look(self, node: Node, value: str) -> str:
        """Return an expression on what the expression `value` stands for."""
        marks = node.get("metadata", {})
        if marks.get(ALTERS) or marks.get(EXACT):
            return _ALWAYS
        types = _types_of(node)
        if types is None:
            return self._look_inside(node, value)
        if types <= {bool, NoneType}:  # these have no subclasses
            return _ALWAYS
        if len(types) == 1:
            return f"type({value}) is {self._name(*types)}"
        return f"type({value}) in {self._name(types)}"

    def _look_inside(self, node: Node, value: str) -> str:
        """Return the expression that the method for this kind of node makes."""
        look = getattr(self, "_" + node["type"].replace("-", "_"), _refuse)
        expression: str = look(node, value)
        return expression

    def _each(self, node: Node | None, items: str) -> str:
        """Return an expression on all that the expression `items` gives."""
        if node is None:
            return _ALWAYS
        types = _types_of(node)
        if types is not None and not node.get("metadata", {}).get(ALTERS):
            return f"{self._name(types)}.issuperset(map(type, {items}))"
        look = self._look(node, "value")
        if look == _ALWAYS:
            return _ALWAYS
        return f"all(map({self._name(self._compiled(look))}, {items}))"

    def _any(self, node: Node, value: str) -> str:
        return _ALWAYS

    _enum = _any

    def _wrapper(self, node: Node, value: str) -> str:
        return self._look(node["schema"], value)

    _custom_error = _default = _wrapper

    def _nullable(self, node: Node, value: str) -> str:
        name = self._name()
        return f"(({name} := {value}) is None or {self._look(node['schema'], name)})"

    def _json_or_python(self, node: Node, value: str) -> str:
        return self._look(node["json_schema"], value)

    def _lax_or_strict(self, node: Node, value: str) -> str:
        return self._look(node["strict_schema"], value)

    def _definitions(self, node: Node, value: str) -> str:
        self._bodies = {body["ref"]: body for body in node["definitions"]}
        return self._look(node["schema"], value)

    def _definition_ref(self, node: Node, value: str) -> str:
        ref = node["schema_ref"]
        if ref not in self._functions:
            self._functions[ref] = name = self._name()
            self._space[name] = self.function(self._bodies[ref])
        return f"{self._functions[ref]}({value})"

    def _collection(self, node: Node, value: str) -> str:
        name, kind = self._name(), self._name(_COLLECTIONS[node["type"]])
        items = self._each(node.get("items_schema"), name)
        return conjunction(f"type({name} := {value}) is {kind}", items)

    _list = _set = _frozenset = _collection

    def _tuple(self, node: Node, value: str) -> str:
        name, items = self._name(), node["items_schema"]
        if "variadic_item_index" in node and len(items) > 1:
            raise NoLook
        if "variadic_item_index" in node:
            looks = [self._each(items[0], name)]
        else:
            looks = [self._look(item, f"{name}[{i}]") for i, item in enumerate(items)]
        return conjunction(f"type({name} := {value}) is tuple", *looks)

    def _dict(self, node: Node, value: str) -> str:
        name = self._name()
        keys = self._each(node.get("keys_schema"), name)
        values = self._each(node.get("values_schema"), f"{name}.values()")
        return conjunction(f"type({name} := {value}) is dict", keys, values)

    def _typed_dict(self, node: Node, value: str) -> str:
        if node.get("extra_behavior") == "allow":
            raise NoLook
        name = self._name()
        return conjunction(f"type({name} := {value}) is dict", *self._fields(node, name))

    def _fields(self, node: Node, name: str) -> Iterator[str]:
        for key, field in node["fields"].items():
            look = self._look(field["schema"], f"{name}[{key!r}]")
            if look != _ALWAYS and not field.get("required", True):
                look = f"({key!r} not in {name} or {look})"
            yield look

    def _instance(self, node: Node, value: str) -> str:
        name = self._name()
        is_exact = f"type({name} := {value}) is {self._name(node['cls'])}"
        inner = node["schema"]
        if node.get("root_model"):
            return conjunction(is_exact, self._look(inner, f"{name}.root"))
        if node["config"]["extra_fields_behavior"] == "allow":
            raise NoLook
        while "fields" not in inner:
            if "json_schema" not in inner:
                return is_exact  # a function of the schema's own comes before the fields
            inner = inner["json_schema"]
        return self._with_fields(is_exact, inner["fields"], name)

    def _model(self, node: Node, value: str) -> str:
        if node["cls"].__private_attributes__:
            raise NoLook
        return self._instance(node, value)

    def _dataclass(self, node: Node, value: str) -> str:
        if len(node["fields"]) < len(fields(node["cls"])):
            raise NoLook  # one that is no parameter may have any value
        return self._instance(node, value)

    def _named_tuple(self, node: Node, value: str) -> str:
        name = self._name()
        is_exact = f"type({name} := {value}) is {self._name(node['cls'])}"
        return self._with_fields(is_exact, node["fields"], name)

    def _with_fields(self, is_exact: str, named: Any, name: str) -> str:
        if not isinstance(named, dict):
            named = {field["name"]: field for field in named if not field.get("init_only")}
        if any(iskeyword(key) or not key.isidentifier() for key in named):
            raise NoLook
        looks = (self._look(field["schema"], f"{name}.{key}") for key, field in named.items())
        return conjunction(is_exact, *looks)


def _types_of(node: Node) -> frozenset[type] | None:
    """Return the types that are exact for a scalar, or for one of several; else `None`."""
    kind = node["type"]
    if kind in _TYPES:
        return frozenset({_TYPES[kind]})
    if kind == "literal":
        values = node["expected"]
        by_type = {(type(value), value) for value in values}
        return frozenset(map(type, values)) if len(by_type) == len(set(values)) else None
    if kind == "union" and node.get("mode", "smart") == "smart":
        return _types_of_any([choice for choice, _ in node["choices"]])
    return None


def _types_of_any(nodes: list[Node]) -> frozenset[type] | None:
    together: frozenset[type] = frozenset()
    for node in nodes:
        types = None if node.get("metadata", {}).get(ALTERS) else _types_of(node)
        # A literal 1 is so exact a match for True that it may win over bool.
        if types is None or (node["type"] == "literal" and types != {str}):
            return None
        together |= types
    return together


def _refuse(node: Node, value: str) -> str:
    raise NoLook


def conjunction(*looks: str) -> str:
    """Return an expression that is true where all of the expressions are."""
    return f"({' and '.join(look for look in looks if look != _ALWAYS)})"

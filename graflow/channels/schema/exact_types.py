"""A quick look at whether strict validation took a value as it is.

Pydantic's strict mode turns an instance of a subclass into one of the class that a schema names,
and an `int` into a `float`, which a channel must notice. To compare each value with what
validation made of it takes long. So a look at the types is compiled for most schemas: one Python
expression that is true for a valid value that validation is sure to have left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from keyword import iskeyword
from types import NoneType
from typing import Any, Final
from uuid import UUID

from graflow.channels.schema.compiled import (
    ALWAYS,
    SHARED,
    Expressions,
    Inexpressible,
    Language,
    Rule,
    conjunction,
)
from graflow.channels.schema.datetimes import EXACT
from graflow.channels.schema.nodes import Node, Part, children, inside, is_altering
from graflow.channels.schema.roundtrip import Storable

__all__ = ["collection", "compile_look", "dict_items", "items_of_fields"]

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
_FUNCTION: Final = """
def looks_unaltered(value):
    return {look}
"""
_HELPER: Final = """
def {name}(value):
    return {look}
"""


def compile_look(schema: Storable, name: str) -> Callable[[Any], bool]:
    """Return a function that is true only for values that, if valid, were taken as they are.

    Where it is false, or raises a `LookupError` or an `AttributeError`, a value has to be
    compared with what validation made of it.

    Args:
        schema: What the values are of.
        name: What to call the schema in the name of the function's file.
    """
    language = Language(_types_to_see, _RULES, _HELPER)
    try:
        return Expressions(language).function(f"{name}.looks_unaltered", _FUNCTION, schema.core)
    except Inexpressible:
        return lambda value: False


def _types_to_see(node: Node) -> frozenset[type] | None:
    is_exact = node["type"] in {"any", "enum"} or node.get("metadata", {}).get(EXACT)
    if is_exact or is_altering(node):
        return frozenset()
    types = _types_of(node)
    # `bool` and `None` have no subclasses.
    return frozenset() if types is not None and types <= {bool, NoneType} else types


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
        return _types_of_any(children(node))
    return None


def _types_of_any(choices: Iterable[Part]) -> frozenset[type] | None:
    together: frozenset[type] = frozenset()
    for _, _, _, node in choices:
        types = None if is_altering(node) else _types_of(node)
        # A literal 1 is so exact a match for True that it may win over bool.
        if types is None or (node["type"] == "literal" and types != {str}):
            return None
        together |= types
    return together


def _inside(it: Expressions, node: Node, value: str) -> str:
    inner = inside(node)
    return ALWAYS if inner is None else it.look(inner, value)


def collection(it: Expressions, node: Node, value: str) -> str:
    """Return an expression on a list or a set and on its items."""
    name, kind = it.name(), _COLLECTIONS[node["type"]]
    items = it.each(node.get("items_schema"), name)
    return conjunction(f"type({name} := {value}) is {it.name(kind)}", items)


def _tuple(it: Expressions, node: Node, value: str) -> str:
    name, items = it.name(), node["items_schema"]
    if "variadic_item_index" in node and len(items) > 1:
        raise Inexpressible
    if "variadic_item_index" in node:
        looks = [it.each(items[0], name)]
    else:
        looks = [it.look(item, f"{name}[{i}]") for i, item in enumerate(items)]
    return conjunction(f"type({name} := {value}) is tuple", *looks)


def dict_items(it: Expressions, node: Node, value: str) -> str:
    """Return an expression on a dict, its keys and its values."""
    name = it.name()
    keys = it.each(node.get("keys_schema"), name)
    values = it.each(node.get("values_schema"), f"{name}.values()")
    return conjunction(f"type({name} := {value}) is dict", keys, values)


def _typed_dict(it: Expressions, node: Node, value: str) -> str:
    if node.get("extra_behavior") == "allow":
        raise Inexpressible
    name = it.name()
    return conjunction(f"type({name} := {value}) is dict", *items_of_fields(it, node, name))


def items_of_fields(it: Expressions, node: Node, name: str) -> Iterator[str]:
    """Yield an expression on each item of a `TypedDict` that a variable has."""
    for key, field in node["fields"].items():
        look = it.look(field["schema"], f"{name}[{key!r}]")
        if look != ALWAYS and not field.get("required", True):
            look = f"({key!r} not in {name} or {look})"
        yield look


def _model(it: Expressions, node: Node, value: str) -> str:
    if node["cls"].__private_attributes__:
        raise Inexpressible
    if node.get("root_model"):
        name = it.name()
        root = it.look(node["schema"], f"{name}.root")
        return conjunction(_is_instance(it, node, name, value), root)
    return _instance(it, node, value)


def _dataclass(it: Expressions, node: Node, value: str) -> str:
    if len(node["fields"]) < len(fields(node["cls"])):
        raise Inexpressible  # one that is no parameter may have any value
    return _instance(it, node, value)


def _instance(it: Expressions, node: Node, value: str) -> str:
    if node["config"]["extra_fields_behavior"] == "allow":
        raise Inexpressible
    inner = node["schema"]
    while "fields" not in inner:
        if "json_schema" not in inner:  # a function of the schema's own comes before the fields
            return _is_instance(it, node, it.name(), value)
        inner = inner["json_schema"]
    return _with_fields(it, node, value, inner)


def _named_tuple(it: Expressions, node: Node, value: str) -> str:
    return _with_fields(it, node, value, node)


def _with_fields(it: Expressions, node: Node, value: str, fields: Node) -> str:
    named = {
        field.label: field.node["schema"]
        for field in children(fields)
        if field.entry == "fields" and not field.node.get("init_only")
    }
    if any(iskeyword(key) or not key.isidentifier() for key in named):
        raise Inexpressible
    name = it.name()
    looks = (it.look(inner, f"{name}.{key}") for key, inner in named.items())
    return conjunction(_is_instance(it, node, name, value), *looks)


def _is_instance(it: Expressions, node: Node, name: str, value: str) -> str:
    return f"type({name} := {value}) is {it.name(node['cls'])}"


_RULES: Final[dict[str, Rule]] = {
    **SHARED,
    **dict.fromkeys(("custom-error", "default", "json-or-python", "lax-or-strict"), _inside),
    **dict.fromkeys(_COLLECTIONS, collection),
    "tuple": _tuple,
    "dict": dict_items,
    "typed-dict": _typed_dict,
    "model": _model,
    "dataclass": _dataclass,
    "named-tuple": _named_tuple,
}

"""Shortcuts for schemas of plain JSON data.

Many schemas ask for nothing but text, numbers, `bool`, `None`, lists, dicts with text keys and
closed `TypedDict`s. Whether such a value fits can be told from its types alone, and JSON gives
it back as it is. For these schemas one Python expression is compiled that is true only for
values that pydantic takes and leaves alone; where it is false, pydantic decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic_core import from_json, to_json

from graflow.channels.codec.codec import Record
from graflow.channels.schema.compiled import (
    SHARED,
    Expressions,
    Inexpressible,
    Language,
    Rule,
    conjunction,
)
from graflow.channels.schema.exact_types import collection, dict_items, items_of_fields
from graflow.channels.schema.nodes import Node, children, descend, is_altering
from graflow.channels.schema.roundtrip import Storable

__all__ = ["REPLACEMENT", "with_shortcuts"]

Dump = Callable[[Any], bytes]
"""Returns the text of a value, or raises."""

Load = Callable[[Record], Any]
"""Returns the value of a record, or raises."""

# Of each kind of node, what may stand in it besides its type. Anything more limits the values.
_HARMLESS: Final = {"type", "ref", "metadata", "strict"}
_PARTS: Final[dict[str, set[str]]] = {
    "none": set(),
    "bool": set(),
    "int": set(),
    "float": set(),
    "str": set(),
    "literal": {"expected"},
    "nullable": {"schema"},
    "union": {"choices", "mode"},
    "list": {"items_schema"},
    "dict": {"keys_schema", "values_schema"},
    "typed-dict": {"fields", "cls", "cls_name", "extra_behavior", "config", "total"},
    "typed-dict-field": {"schema", "required", "serialization_alias"},
    "definitions": {"schema", "definitions"},
    "definition-ref": {"schema_ref"},
}
_SCALARS: Final[dict[str, type]] = {"bool": bool, "int": int, "str": str}
_HARMLESS_CONFIG: Final = {
    "extra_fields_behavior",
    "loc_by_alias",
    "revalidate_instances",
    "ser_json_bytes",
    "ser_json_inf_nan",
    "ser_json_temporal",
    "ser_json_timedelta",
    "serialize_by_alias",
    "strict",
    "title",
    "val_json_bytes",
    "validate_default",
}

# Short text has no number in it that is too long to be read.
_DUMP: Final = """
def dump(value):
    try:
        if {{look}}:
            text = to_json(value)
            if len(text) < 4000{no_tag}{no_loss}:
                return text
    except (KeyError, ValueError):
        pass
    return careful_dump(value)
"""
_LOAD: Final = """
def load(text):
    if type(text) is bytes{no_tag}:
        try:
            value = from_json(text)
            if {{look}}:
                return value
        except (KeyError, ValueError):
            pass
    return careful_load(text)
"""
_HELPER: Final = """
def {name}(value):
    try:
        return {look}
    except KeyError:
        return False
"""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()
"""Stands in JSON text for what can't be encoded in a key, and for itself."""


def with_shortcuts(schema: Storable, name: str, dump: Dump, load: Load) -> tuple[Dump, Load]:
    """Return functions that do what `dump` and `load` do, faster if the schema allows it.

    Args:
        schema: What the values are of.
        name: What to call the schema in the names of the functions' files.
        dump: The careful way to write.
        load: The careful way to read.
    """
    if not schema.is_faithful or schema.has_aliases or schema.config.keys() - _HARMLESS_CONFIG:
        return dump, load
    no_tag, no_loss = "", ""
    if any(map(_may_have_any_key, descend(schema.core))):
        no_tag, no_loss = f" and {ord('$')} not in text", " and replacement not in text"
    language = Language(_types_to_see, _RULES, _HELPER)
    writing = Expressions(language, to_json=to_json, careful_dump=dump, replacement=REPLACEMENT)
    reading = Expressions(language, from_json=from_json, careful_load=load)
    source, load_source = _DUMP.format(no_tag=no_tag, no_loss=no_loss), _LOAD.format(no_tag=no_tag)
    try:
        return (
            writing.function(f"{name}.dump", source, schema.core),
            reading.function(f"{name}.load", load_source, schema.core),
        )
    except Inexpressible:
        return dump, load


def _may_have_any_key(node: Node) -> bool:
    """Tell whether an object may have a key like those of the codec's own, or one that is lost."""
    keys = (part.label for part in children(node) if part.entry == "fields")
    return node["type"] == "dict" or any(str(key).startswith("$") for key in keys)


# The expressions are true only for values that fit; they are false for others, or raise a
# `KeyError`.


def _types_to_see(node: Node) -> frozenset[type] | None:
    kind = node["type"]
    if kind not in _PARTS or node.keys() - _PARTS[kind] - _HARMLESS or is_altering(node):
        raise Inexpressible
    return frozenset({_SCALARS[kind]}) if kind in _SCALARS else None


def _none(it: Expressions, node: Node, value: str) -> str:
    return f"{value} is None"


def _float(it: Expressions, node: Node, value: str) -> str:
    name = it.name()
    return f"(type({name} := {value}) is float and {name} * 0.0 == 0.0)"  # so it is finite


def _literal(it: Expressions, node: Node, value: str) -> str:
    expected = frozenset(node["expected"])
    if {*map(type, expected)} != {str}:
        raise Inexpressible  # pydantic takes True for 1
    name = it.name()
    return f"(type({name} := {value}) is str and {name} in {it.name(expected, 'expected')})"


def _union(it: Expressions, node: Node, value: str) -> str:
    if node.get("mode", "smart") != "smart":
        raise Inexpressible
    name = it.name()
    first, *others = (choice.node for choice in children(node))
    looks = [it.look(first, f"({name} := {value})"), *(it.look(each, name) for each in others)]
    return f"({' or '.join(looks)})"


def _list(it: Expressions, node: Node, value: str) -> str:
    if "items_schema" not in node:
        raise Inexpressible
    return collection(it, node, value)


def _dict(it: Expressions, node: Node, value: str) -> str:
    if node.get("keys_schema", {}).get("type") != "str" or "values_schema" not in node:
        raise Inexpressible
    return dict_items(it, node, value)


def _typed_dict(it: Expressions, node: Node, value: str) -> str:
    fields: dict[str, Any] = node["fields"]
    limits = [field.keys() - _PARTS["typed-dict-field"] - _HARMLESS for field in fields.values()]
    if any(limits) or node.get("config", {}).keys() - _HARMLESS_CONFIG:
        raise Inexpressible
    name = it.name()
    optional = [key for key, field in fields.items() if not field.get("required", True)]
    size = [str(len(fields) - len(optional)), *(f"({key!r} in {name})" for key in optional)]
    return conjunction(
        f"type({name} := {value}) is dict",
        f"len({name}) == {' + '.join(size)}",  # so it has no other keys
        *items_of_fields(it, node, name),
    )


_RULES: Final[dict[str, Rule]] = {
    **SHARED,
    "none": _none,
    "float": _float,
    "literal": _literal,
    "union": _union,
    "list": _list,
    "dict": _dict,
    "typed-dict": _typed_dict,
}

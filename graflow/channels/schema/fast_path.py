"""Shortcuts for values whose types alone tell what pydantic would do with them.

Many schemas ask for nothing but text, numbers, `bool`, `None`, lists, dicts with text keys and
closed `TypedDict`s. The types in such a value tell whether it fits, and it survives a round trip
through JSON. If a compiled expression proves that it fits, pydantic isn't asked at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic_core import SchemaSerializer, from_json
from pydantic_core.core_schema import any_schema

from graflow.channels.codec.codec import Record
from graflow.channels.schema.looks import LOOK, Inexpressible, Looks
from graflow.channels.schema.nodes import Node, children, descend, is_altering
from graflow.channels.schema.roundtrip.rules import Storable

__all__ = ["REPLACEMENT", "look_of", "with_shortcuts"]

Dump = Callable[[Any], bytes]
"""Returns the text of a value, or raises."""

Load = Callable[[Record], Any]
"""Returns the value of a record, or raises."""

_to_json: Final = SchemaSerializer(any_schema()).to_json  # with fewer options to look at

# What may stand in a node, by its kind. Anything more limits the values.
_HARMLESS: Final = {"type", "ref", "metadata", "strict"}
_PARTS: Final[dict[str, set[str]]] = {
    **{kind: set() for kind in ("none", "bool", "int", "float", "str")},
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

# No number in a short text is too long to be read.
_DUMP: Final = """
def dump(value):
    try:
        if {look}:
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
            if {look}:
                return value
        except (KeyError, ValueError):
            pass
    return careful_load(text)
"""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()
"""Stands in JSON text for itself, and for what can't be encoded in a key."""


def look_of(schema: Storable, name: str) -> Callable[[Any], bool]:
    """Return a function that is true only for values that, if valid, were taken as they are.

    Where it is false, a value has to be compared with what validation made of it.

    Args:
        schema: What the values are of.
        name: What to call the schema in the name of the function's file.
    """
    function = "looks_unaltered"
    try:
        return Looks().function(f"{name}.{function}", LOOK, schema.core, name=function)
    except Inexpressible:
        return lambda value: False


def with_shortcuts(schema: Storable, name: str, dump: Dump, load: Load) -> tuple[Dump, Load]:
    """Return functions that do what `dump` and `load` do, faster if the schema allows it.

    Args:
        schema: What the values are of.
        name: What to call the schema in the names of the functions' files.
        dump: The careful way to write.
        load: The careful way to read.
    """
    nodes = list(descend(schema.core))
    if not (schema.is_faithful and _is_plain_config(schema.config) and all(map(_is_plain, nodes))):
        return dump, load
    no_tag, no_loss = "", ""
    if any(map(_may_have_any_key, nodes)):
        no_tag, no_loss = f" and {ord('$')} not in text", " and replacement not in text"
    writing = Looks(is_proof=True, to_json=_to_json, careful_dump=dump, replacement=REPLACEMENT)
    reading = Looks(is_proof=True, from_json=from_json, careful_load=load)
    try:
        dump = writing.function(f"{name}.dump", _DUMP, schema.core, no_tag=no_tag, no_loss=no_loss)
        if any(node["type"] == "typed-dict" for node in nodes):  # pydantic reads all else faster
            load = reading.function(f"{name}.load", _LOAD, schema.core, no_tag=no_tag)
    except Inexpressible:
        pass
    return dump, load


def _is_plain(node: Node) -> bool:
    """Tell whether a node limits its values by nothing but their types."""
    kind = node["type"]
    if kind not in _PARTS or node.keys() - _PARTS[kind] - _HARMLESS or is_altering(node):
        return False
    match kind:
        case "literal":
            return {*map(type, node["expected"])} == {str}  # pydantic takes True for 1
        case "union":
            return bool(node.get("mode", "smart") == "smart")
        case "list":
            return "items_schema" in node
        case "dict":
            return "values_schema" in node and node.get("keys_schema", {}).get("type") == "str"
        case "typed-dict":
            is_closed = node.get("extra_behavior") != "allow"
            return is_closed and _is_plain_config(node.get("config", {}))
    return True


def _is_plain_config(config: Any) -> bool:
    return not config.keys() - _HARMLESS_CONFIG


def _may_have_any_key(node: Node) -> bool:
    """Tell whether a key may look like the codec's own, or may be lost."""
    keys = (part.label for part in children(node) if part.entry == "fields")
    return node["type"] == "dict" or any(str(key).startswith("$") for key in keys)

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
from graflow.channels.schema.exact_types import TOO_DEEP, Expressions, Look, NoLook, conjunction
from graflow.channels.schema.roundtrip import Plan
from graflow.channels.schema.walk import ALTERS, Node

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
_SCALARS: Final = {"bool": bool, "int": int, "str": str}
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

_FITS: Final = """
def fits(value):
    try:
        return {look}
    except KeyError:
        return False
"""
# Short text has no number in it that is too long to be read.
_DUMP: Final = """
def dump(value):
    try:
        if {look}:
            text = to_json(value)
            if len(text) < 4000 and {no_tag} and {no_loss}:
                return text
    except (KeyError, ValueError):
        pass
    return careful_dump(value)
"""
_LOAD: Final = """
def load(text):
    if type(text) is bytes and {no_tag}:
        try:
            value = from_json(text)
            if {look}:
                return value
        except (KeyError, ValueError):
            pass
    return careful_load(text)
"""
_NO_TAG: Final = f"{ord('$')} not in text"
_NO_LOSS: Final = "replacement not in text"

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()
"""Stands in JSON text for what can't be encoded in a key, and for itself."""


def with_shortcuts(plan: Plan, dump: Dump, load: Load) -> tuple[Dump, Load]:
    """Return functions that do what `dump` and `load` do, faster if the schema allows it."""
    if not plan.is_faithful or plan.has_aliases or plan.config.keys() - _HARMLESS_CONFIG:
        return dump, load
    proof = _Proof(
        from_json=from_json,
        to_json=to_json,
        careful_dump=dump,
        careful_load=load,
        replacement=REPLACEMENT,
    )
    try:
        return proof.define(_DUMP, plan.core), proof.define(_LOAD, plan.core)
    except (NoLook, *TOO_DEEP):
        return dump, load


class _Proof(Expressions):
    """Makes expressions that are true only for values that fit, or raise a `KeyError`."""

    def __init__(self, **names: Any) -> None:
        super().__init__()
        self._space.update(names)
        self._knows_all_keys = True

    def define(self, source: str, node: Node) -> Callable[[Any], Any]:
        """Return the function of the source, with a look at a value of the node in it."""
        return self._defined(source, self._look(node, "value"))

    def _defined(self, source: str, look: str) -> Callable[[Any], Any]:
        names: dict[str, Callable[[Any], Any]] = {}
        no_tag, no_loss = ("True", "True") if self._knows_all_keys else (_NO_TAG, _NO_LOSS)
        exec(source.format(look=look, no_tag=no_tag, no_loss=no_loss), self._space, names)
        (function,) = names.values()
        return function

    def _compiled(self, look: str) -> Look:
        return self._defined(_FITS, look)

    def _look(self, node: Node, value: str) -> str:
        kind = node["type"]
        if kind not in _PARTS or node.keys() - _PARTS[kind] - _HARMLESS:
            raise NoLook
        if node.get("metadata", {}).get(ALTERS):
            raise NoLook
        if kind in _SCALARS:
            return f"type({value}) is {self._name(_SCALARS[kind])}"
        return self._look_inside(node, value)

    def _none(self, node: Node, value: str) -> str:
        return f"{value} is None"

    def _float(self, node: Node, value: str) -> str:
        name = self._name()
        return f"(type({name} := {value}) is float and {name} * 0.0 == 0.0)"  # so it is finite

    def _literal(self, node: Node, value: str) -> str:
        expected = frozenset(node["expected"])
        if {*map(type, expected)} != {str}:
            raise NoLook  # pydantic takes True for 1
        name = self._name()
        return f"(type({name} := {value}) is str and {name} in {self._name(expected)})"

    def _union(self, node: Node, value: str) -> str:
        if node.get("mode", "smart") != "smart":
            raise NoLook
        name = self._name()
        first, *others = (choice for choice, _ in node["choices"])
        looks = [self._look(first, f"({name} := {value})")]
        looks += [self._look(each, name) for each in others]
        return f"({' or '.join(looks)})"

    def _each(self, node: Node | None, items: str) -> str:
        if node is None:
            raise NoLook
        look = self._look(node, "value")
        if node["type"] in _SCALARS:
            kind = self._name(frozenset({_SCALARS[node["type"]]}))
            return f"{kind}.issuperset(map(type, {items}))"
        return f"all(map({self._name(self._compiled(look))}, {items}))"

    def _dict(self, node: Node, value: str) -> str:
        if node.get("keys_schema", {}).get("type") != "str":
            raise NoLook
        self._knows_all_keys = False
        return super()._dict(node, value)

    def _typed_dict(self, node: Node, value: str) -> str:
        fields: dict[str, Any] = node["fields"]
        limits = [
            field.keys() - _PARTS["typed-dict-field"] - _HARMLESS for field in fields.values()
        ]
        if any(limits) or node.get("config", {}).keys() - _HARMLESS_CONFIG:
            raise NoLook
        self._knows_all_keys &= not any(key.startswith("$") for key in fields)
        name = self._name()
        optional = [key for key, field in fields.items() if not field.get("required", True)]
        size = [str(len(fields) - len(optional)), *(f"({key!r} in {name})" for key in optional)]
        return conjunction(
            f"type({name} := {value}) is dict",
            f"len({name}) == {' + '.join(size)}",  # so it has no other keys
            *self._fields(node, name),
        )

"""Looks at values: expressions that are true only for values that validation leaves alone.

Pydantic's strict mode turns an instance of a subclass into one of the class that a schema names,
and an `int` into a `float`, which a channel must notice. Comparing each value with what validation
made of it is slow. So for most schemas a Python expression is compiled that looks at the types in
a valid value. For plain JSON data it can be a proof, which shows that a value is valid as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from keyword import iskeyword
from types import NoneType
from typing import Any, Final
from uuid import UUID

from graflow.channels.schema.nodes import Node, bodies_in, children, inside, is_altering
from graflow.channels.schema.roundtrip.datetimes import EXACT
from graflow.channels.schema.sources import compiled

__all__ = ["LOOK", "Inexpressible", "Looks"]

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
_FINAL_TYPES: Final = frozenset({bool, NoneType})
_COLLECTIONS: Final = {"list": list, "set": set, "frozenset": frozenset}
_ALWAYS: Final = "True"
LOOK: Final = """
def {name}(value):
    try:
        return {look}
    except (AttributeError, LookupError):
        return False
"""
"""Defines a function `{name}` that is true where `{look}` is, and false where that fails."""


class Inexpressible(Exception):
    """There is no expression that looks at the values of a schema."""


class Looks:
    """A maker of expressions on values, which keeps what the names in them stand for."""

    def __init__(self, *, is_proof: bool = False, **names: Any) -> None:
        """Start a maker of expressions.

        Args:
            is_proof: Whether any value that an expression is true for has to be valid too. Only
                schemas of plain JSON data have such expressions, which may raise a `KeyError`.
            **names: What the names in the source of a function stand for.
        """
        self.is_proof = is_proof
        self.bodies: dict[str, Node] = {}
        self._space: dict[str, Any] = {"__name__": __name__, **names}
        self._numbers = count()
        self._helpers: list[str] = []
        self._functions: dict[str, str] = {}

    def function(self, title: str, source: str, node: Node, **parts: str) -> Callable[[Any], Any]:
        """Return a function that looks at values of a node.

        Args:
            title: The name of a schema, a dot, and the name of the function.
            source: Defines that function, with `{look}` for the expression on `value`.
            node: The schema.
            **parts: What else to put in.

        Raises:
            Inexpressible: There is no such expression, or it is nested too deeply to be parsed.
        """
        try:
            source = source.format(look=self.look(node, "value"), **parts)
            text = "\n\n\n".join(each.strip() for each in (*self._helpers, source)) + "\n"
            return compiled(title, text, self._space)
        except (MemoryError, RecursionError, SyntaxError) as error:
            raise Inexpressible from error

    def name(self, meaning: object = None, hint: str = "x") -> str:
        """Return a new name, of a constant or of a variable inside an expression."""
        if isinstance(meaning, type) and meaning.__name__.isascii():
            hint = meaning.__name__ if meaning.__name__.isidentifier() else hint
        name = f"{hint}_{next(self._numbers)}"
        self._space[name] = meaning
        return name

    def bind(self, value: str) -> tuple[str, str]:
        """Return a name for the value of an expression, and what gives it that name."""
        if value.isidentifier():
            return value, value
        name = self.name()
        return name, f"{name} := {value}"

    def look(self, node: Node, value: str) -> str:
        """Return an expression on the value of the expression `value`."""
        types = self._types_to_see(node)
        if types is None:
            rule = _RULES.get(node["type"])
            if rule is None:
                raise Inexpressible
            return rule(self, node, value)
        if not types:
            return _ALWAYS
        if len(types) == 1:
            (only,) = types
            return f"type({value}) is {self.name(only)}"
        return f"type({value}) in {self.name(types, 'types')}"

    def each(self, node: Node | None, items: str) -> str:
        """Return an expression on all items of the expression `items`."""
        types = frozenset() if node is None else self._types_to_see(node)
        if types:
            return f"{self.name(types, 'types')}.issuperset(map(type, {items}))"
        if node is None or types is not None:
            return _ALWAYS
        look = self.look(node, "value")
        if look == _ALWAYS:
            return _ALWAYS
        name = look.removesuffix("(value)")
        if name not in self._functions.values():
            name = self.name(hint="look")
            self._define(name, look)
        return f"all(map({name}, {items}))"

    def of_body(self, ref: str) -> str:
        """Return the name of a function that looks at values of the node that a reference names."""
        if ref not in self._functions:
            self._functions[ref] = name = self.name(hint="look")
            self._define(name, self.look(self.bodies[ref], "value"))
        return self._functions[ref]

    def _define(self, name: str, look: str) -> None:
        self._helpers.append(LOOK.format(name=name, look=look))

    def _types_to_see(self, node: Node) -> frozenset[type] | None:
        """Return the types that a value may be of, no subclasses; `None` if it takes a rule."""
        is_exact = node["type"] in {"any", "enum"} or node.get("metadata", {}).get(EXACT)
        if is_exact or is_altering(node):
            return frozenset()
        if self.is_proof:
            return None if node["type"] in {"float", "literal", "union"} else _types_of(node)
        types = _types_of(node)
        return frozenset() if types is not None and types <= _FINAL_TYPES else types


def _types_of(node: Node) -> frozenset[type] | None:
    """Return the types of a scalar, or of a union of some; `None` if there is more to it."""
    kind = node["type"]
    if kind in _TYPES:
        return frozenset({_TYPES[kind]})
    if kind == "literal":
        values = node["expected"]
        by_type = {(type(value), value) for value in values}
        return frozenset(map(type, values)) if len(by_type) == len(set(values)) else None
    if kind == "union" and node.get("mode", "smart") == "smart":
        return _types_of_any(part.node for part in children(node))
    return None


def _types_of_any(choices: Iterable[Node]) -> frozenset[type] | None:
    together: frozenset[type] = frozenset()
    for node in choices:
        types = None if is_altering(node) else _types_of(node)
        # Pydantic may take True for a literal 1, though the union has a bool.
        if types is None or (node["type"] == "literal" and types != {str}):
            return None
        together |= types
    return together


def _all(*looks: str) -> str:
    return f"({' and '.join(look for look in looks if look != _ALWAYS)})"


def _float(it: Looks, node: Node, value: str) -> str:
    name = it.name()
    return f"(type({name} := {value}) is float and {name} * 0.0 == 0.0)"  # so it is finite


def _literal(it: Looks, node: Node, value: str) -> str:
    if not it.is_proof:
        raise Inexpressible
    name, expected = it.name(), it.name(frozenset(node["expected"]), "expected")
    return f"(type({name} := {value}) is str and {name} in {expected})"


def _union(it: Looks, node: Node, value: str) -> str:
    if not it.is_proof:
        raise Inexpressible  # pydantic may have made another choice than the expression
    name = it.name()
    first, *others = (choice.node for choice in children(node))
    looks = [it.look(first, f"({name} := {value})"), *(it.look(each, name) for each in others)]
    return f"({' or '.join(looks)})"


def _nullable(it: Looks, node: Node, value: str) -> str:
    name = it.name()
    return f"(({name} := {value}) is None or {it.look(node['schema'], name)})"


def _definitions(it: Looks, node: Node, value: str) -> str:
    it.bodies = bodies_in(node)
    return it.look(node["schema"], value)


def _reference(it: Looks, node: Node, value: str) -> str:
    return f"{it.of_body(node['schema_ref'])}({value})"


def _inside(it: Looks, node: Node, value: str) -> str:
    inner = inside(node)
    return _ALWAYS if inner is None else it.look(inner, value)


def _collection(it: Looks, node: Node, value: str) -> str:
    (name, bound), kind = it.bind(value), _COLLECTIONS[node["type"]]
    items = it.each(node.get("items_schema"), name)
    return _all(f"type({bound}) is {it.name(kind)}", items)


def _tuple(it: Looks, node: Node, value: str) -> str:
    (name, bound), items = it.bind(value), node["items_schema"]
    if "variadic_item_index" not in node:
        looks = [it.look(item, f"{name}[{i}]") for i, item in enumerate(items)]
    elif len(items) == 1:
        looks = [it.each(items[0], name)]
    else:
        raise Inexpressible
    return _all(f"type({bound}) is tuple", *looks)


def _dict(it: Looks, node: Node, value: str) -> str:
    name, bound = it.bind(value)
    keys = it.each(node.get("keys_schema"), name)
    values = it.each(node.get("values_schema"), f"{name}.values()")
    return _all(f"type({bound}) is dict", keys, values)


def _typed_dict(it: Looks, node: Node, value: str) -> str:
    if node.get("extra_behavior") == "allow":
        raise Inexpressible
    name, bound = it.bind(value)
    looks = [f"type({bound}) is dict"]
    size = [str(sum(field.get("required", True) for field in node["fields"].values()))]
    for key, field in node["fields"].items():
        look = it.look(field["schema"], f"{name}[{key!r}]")
        if not field.get("required", True):
            size.append(f"({key!r} in {name})")
            look = look if look == _ALWAYS else f"({key!r} not in {name} or {look})"
        looks.append(look)
    if it.is_proof:  # a dict of that size which has the fields has no other keys
        looks.insert(1, f"len({name}) == {' + '.join(size)}")
    return _all(*looks)


def _instance(it: Looks, node: Node, value: str) -> str:
    if _has_more_than_fields(node):
        raise Inexpressible
    name, bound = it.bind(value)
    looks = [f"type({bound}) is {it.name(node['cls'])}"]
    if node.get("root_model"):
        looks.append(it.look(node["schema"], f"{name}.root"))
    else:
        looks += (it.look(inner, f"{name}.{key}") for key, inner in _fields(node).items())
    return _all(*looks)


def _has_more_than_fields(node: Node) -> bool:
    match node["type"]:
        case "model":
            more = node["cls"].__private_attributes__
        case "dataclass":  # a field that is not a parameter may have any value
            more = len(node["fields"]) < len(fields(node["cls"]))
        case _:
            return False
    return bool(more) or node["config"]["extra_fields_behavior"] == "allow"


def _fields(node: Node) -> dict[str, Node]:
    """Return the fields of a class, or none if a function of the schema's own comes before them."""
    inner = node if node["type"] == "named-tuple" else node["schema"]
    while "fields" not in inner:
        inner = inner.get("json_schema", {"fields": {}})
    parts = (part for part in children(inner) if part.entry == "fields")
    found = {part.label: part.node["schema"] for part in parts if not part.node.get("init_only")}
    if any(iskeyword(name) or not name.isidentifier() for name in found):
        raise Inexpressible
    return found


_RULES: Final[dict[str, Callable[[Looks, Node, str], str]]] = {
    "float": _float,
    "literal": _literal,
    "union": _union,
    "nullable": _nullable,
    "definitions": _definitions,
    "definition-ref": _reference,
    **dict.fromkeys(("custom-error", "default", "json-or-python", "lax-or-strict"), _inside),
    **dict.fromkeys(_COLLECTIONS, _collection),
    "tuple": _tuple,
    "dict": _dict,
    "typed-dict": _typed_dict,
    **dict.fromkeys(("model", "dataclass", "named-tuple"), _instance),
}
"""By the kind of node: returns an expression on what an expression stands for."""

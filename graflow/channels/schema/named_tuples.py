"""Named tuples for a pydantic that has no nodes of their own for them, as before 2.14.

It makes a call of the class of each. The rules of channels are about nodes that name the class
and the fields, so calls become such nodes, and what is compiled is made of these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic_core import core_schema

__all__ = ["called", "named", "written"]

_IS_NATIVE: Final = hasattr(core_schema, "named_tuple_schema")
_NO_NODES: Final = frozenset({"config", "default", "expected", "members", "metadata"})


def named(core: Any) -> Any:
    """Return a core schema in which no named tuple is a call."""
    return core if _IS_NATIVE else _changed(core, _named)


def called(core: Any) -> Any:
    """Return a core schema that this pydantic can make a validator of."""
    return core if _IS_NATIVE else _changed(core, _called)


def written(core: Any) -> Any:
    """Return a core schema that this pydantic can make a serializer of."""
    return core if _IS_NATIVE else _changed(core, _written)


def _changed(part: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return a part of a core schema with each node in it changed, the innermost first."""
    if isinstance(part, list | tuple):
        return type(part)(_changed(each, change) for each in part)
    if not isinstance(part, dict):
        return part
    return change(
        {
            name: inner if name in _NO_NODES else _changed(inner, change)
            for name, inner in part.items()
        }
    )


def _named(node: dict[str, Any]) -> dict[str, Any]:
    cls = node.get("function")
    if not (node.get("type") == "call" and isinstance(cls, type) and issubclass(cls, tuple)):
        return node
    fields = [
        {
            "type": "named-tuple-field",
            "name": parameter["name"],
            "schema": parameter["schema"],
            **({"validation_alias": parameter["alias"]} if "alias" in parameter else {}),
        }
        for parameter in node["arguments_schema"]["arguments_schema"]
    ]
    return {"type": "named-tuple", "cls": cls, "fields": fields, **_kept(node)}


def _called(node: dict[str, Any]) -> dict[str, Any]:
    if node.get("type") != "named-tuple":
        return node
    parameters = [
        {
            "name": field["name"],
            "schema": field["schema"],
            **({"alias": field["validation_alias"]} if "validation_alias" in field else {}),
        }
        for field in node["fields"]
    ]
    arguments = {"type": "arguments", "arguments_schema": parameters}
    return {
        "type": "call",
        "arguments_schema": arguments,
        "function": node["cls"],
        **_kept(node),
    }


def _written(node: dict[str, Any]) -> dict[str, Any]:
    if node.get("type") != "named-tuple":
        return node
    items = [field["schema"] for field in node["fields"]]
    return {"type": "tuple", "items_schema": items, **_kept(node)}


def _kept(node: dict[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in ("ref", "metadata", "serialization") if name in node}

"""Named tuples for pydantic before 2.14, which does not have nodes for them.

It describes each as a call of its class. The rules of channels expect nodes that name the class
and the fields, so calls are turned into such nodes, and turned back into what this pydantic knows
when a validator or a serializer is made.
"""

from __future__ import annotations

from typing import Final

from pydantic_core import core_schema

from graflow.channels.schema.nodes import Node, with_children

__all__ = ["called", "named", "written"]

_IS_NATIVE: Final = hasattr(core_schema, "named_tuple_schema")


def named(node: Node) -> Node:
    """Return a core schema in which no named tuple is a call."""
    if _IS_NATIVE:
        return node
    cls = node.get("function")
    if node["type"] == "call" and isinstance(cls, type) and issubclass(cls, tuple):
        parameters = node["arguments_schema"]["arguments_schema"]
        fields = [
            {"type": "named-tuple-field", **_renamed(parameter, "alias", "validation_alias")}
            for parameter in parameters
        ]
        node = {"type": "named-tuple", "cls": cls, "fields": fields, **_kept(node)}
    return with_children(node, lambda part: named(part.node))


def called(node: Node) -> Node:
    """Return a core schema that this pydantic can make a validator of."""
    if _IS_NATIVE:
        return node
    new = with_children(node, lambda part: called(part.node))
    if new["type"] != "named-tuple":
        return new
    parameters = [_renamed(field, "validation_alias", "alias") for field in new["fields"]]
    arguments = {"type": "arguments", "arguments_schema": parameters}
    return {"type": "call", "arguments_schema": arguments, "function": new["cls"], **_kept(new)}


def written(node: Node) -> Node:
    """Return a core schema that this pydantic can make a serializer of."""
    if _IS_NATIVE:
        return node
    new = with_children(node, lambda part: written(part.node))
    if new["type"] != "named-tuple":
        return new
    return {"type": "tuple", "items_schema": [field["schema"] for field in new["fields"]]} | _kept(
        new
    )


def _renamed(field: Node, old: str, new: str) -> Node:
    alias = {new: field[old]} if old in field else {}
    return {"name": field["name"], "schema": field["schema"], **alias}


def _kept(node: Node) -> Node:
    return {name: node[name] for name in ("ref", "metadata", "serialization") if name in node}

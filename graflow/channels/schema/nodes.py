"""Nodes of a core schema, and the one way from a node down to its parts.

A core schema of pydantic is a tree of dicts. Each is a node: it says of what kind it is, holds
its parts in entries of several shapes, and may refer by name to a node elsewhere in the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

__all__ = [
    "ALTERS",
    "Node",
    "Part",
    "bodies_in",
    "children",
    "descend",
    "inside",
    "is_altering",
    "marked",
    "with_children",
]

Node = dict[str, Any]
"""A part of a core schema, or the whole."""

ALTERS: Final = "graflow_alters"
"""In a node's metadata: the schema itself asks validation to change some values there."""

_STEPS: Final = {
    "schema": "",
    "json_schema": "",
    "python_schema": "",
    "lax_schema": "",
    "strict_schema": "",
    "return_schema": "",
    "steps": "",
    "choices": "",
    "fields": ".{}",
    "items_schema": "[]",
    "keys_schema": "",
    "values_schema": "[]",
    "extras_keys_schema": "",
    "extras_schema": "[]",
    "definitions": "",
}


class Part(NamedTuple):
    """A part of a node.

    Attributes:
        entry: The entry of the node that holds it, as `items_schema`.
        label: Which of several in that entry it is: the name of a field, the label of a choice,
            or an index. `None` if the entry has room for one alone.
        step: From the path of the node to that of the part: `.conn`, `[0]`, `[]`, or nothing.
        node: The part itself.
    """

    entry: str
    label: Any
    step: str
    node: Node


def children(node: Node) -> list[Part]:
    """Return the parts that a node is directly made of."""
    found: list[Part] = []

    def note(part: Part) -> Node:
        found.append(part)
        return part.node

    with_children(node, note)
    return found


def with_children(node: Node, change: Callable[[Part], Node]) -> Node:
    """Return a node with what `change` makes of each part in place of that part."""
    new = dict(node)
    for entry, step in _STEPS.items():
        found: Any = node.get(entry)
        match found:
            case {"type": str()}:
                new[entry] = change(Part(entry, None, step, found))
            case dict() as named:
                new[entry] = {
                    name: change(Part(entry, name, step.format(name), inner))
                    for name, inner in named.items()
                }
            case [dict() | tuple(), *_] as several:  # a dataclass has names in such a list
                parts = [_part_in_list(entry, i, each, node) for i, each in enumerate(several)]
                changed = map(change, parts)
                new[entry] = [
                    (inner, part.label) if isinstance(each, tuple) else inner
                    for each, part, inner in zip(several, parts, changed, strict=True)
                ]
    return new


def _part_in_list(entry: str, index: int, found: Any, node: Node) -> Part:
    step = _STEPS[entry]
    if isinstance(found, tuple):
        return Part(entry, found[1], step, found[0])
    if entry == "fields":
        return Part(entry, found["name"], step.format(found["name"]), found)
    is_one_item = entry == "items_schema" and node.get("variadic_item_index") != index
    return Part(entry, index, f"[{index}]" if is_one_item else step, found)


def inside(node: Node) -> Node | None:
    """Return the part that has its say on the whole value that a node is about, if there is one."""
    if node["type"] == "chain":
        last: Node = node["steps"][-1]
        return last
    return next(
        (node[entry] for entry in ("json_schema", "strict_schema", "schema") if entry in node), None
    )


def descend(core: Node) -> Iterator[Node]:
    """Yield a node, its parts, their parts and so on, and those of how they are written.

    What is only referred to is not followed.
    """
    waiting = [core]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += (part.node for part in children(node))
        if "serialization" in node:
            waiting.append(node["serialization"])


def bodies_in(definitions: Node) -> dict[str, Node]:
    """Return what the references stand for that a node of definitions is about."""
    return {body["ref"]: body for body in definitions["definitions"]}


def marked(node: Node) -> Node:
    """Return a node with a mark that it alters some values."""
    return {**node, "metadata": {**node.get("metadata", {}), ALTERS: True}}


def is_altering(node: Node) -> bool:
    """Tell whether a node has that mark."""
    return bool(node.get("metadata", {}).get(ALTERS))

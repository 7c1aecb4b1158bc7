"""Nodes of a core schema, and the one way down from a node to its parts.

A core schema of pydantic is a tree of dicts. Each is a node: its type says what kind it is, it
holds its parts in entries of several shapes, and it may refer by name to a node elsewhere.
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
"""In a node's metadata: the schema itself asks validation to change some values here."""

_STEPS: Final = {
    **dict.fromkeys(("schema", "json_schema", "python_schema", "lax_schema", "strict_schema"), ""),
    **dict.fromkeys(("return_schema", "steps", "choices", "definitions"), ""),
    **dict.fromkeys(("keys_schema", "extras_keys_schema"), ""),
    **dict.fromkeys(("items_schema", "values_schema", "extras_schema"), "[]"),
    "fields": ".{}",
}
"""The entries that hold parts, each with the step to a part."""


class Part(NamedTuple):
    """A part of a node.

    Attributes:
        entry: The node's entry that holds it, such as `items_schema`.
        label: Which part of that entry it is: a field's name, a choice's label, or an index.
            `None` if the entry holds a single part.
        step: What the part adds to the path of the node: `.conn`, `[0]`, `[]`, or nothing.
        node: The part itself.
    """

    entry: str
    label: Any
    step: str
    node: Node


def children(node: Node) -> list[Part]:
    """Return the parts of a node, not those of its parts."""
    found: list[Part] = []

    def note(part: Part) -> Node:
        found.append(part)
        return part.node

    with_children(node, note)
    return found


def with_children(node: Node, change: Callable[[Part], Node]) -> Node:
    """Return a node with each part replaced by what `change` returns for it."""
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
    """Return the part of a node that is about the same value as the node, if there is one."""
    if node["type"] == "chain":
        last: Node = node["steps"][-1]
        return last
    return next(
        (node[entry] for entry in ("json_schema", "strict_schema", "schema") if entry in node), None
    )


def descend(core: Node) -> Iterator[Node]:
    """Yield a node, its parts, their parts and so on, serializations included.

    References are not followed.
    """
    waiting = [core]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += (part.node for part in children(node))
        if "serialization" in node:
            waiting.append(node["serialization"])


def bodies_in(definitions: Node) -> dict[str, Node]:
    """Return the nodes that references stand for, as a node of definitions has them."""
    return {body["ref"]: body for body in definitions["definitions"]}


def marked(node: Node) -> Node:
    """Return a node, marked as one that alters some values."""
    return {**node, "metadata": {**node.get("metadata", {}), ALTERS: True}}


def is_altering(node: Node) -> bool:
    """Tell whether a node is so marked."""
    return bool(node.get("metadata", {}).get(ALTERS))

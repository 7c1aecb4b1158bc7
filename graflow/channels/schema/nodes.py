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


def children(node: Node) -> Iterator[Part]:
    """Yield the parts that a node is directly made of."""
    for entry in _STEPS:
        if entry in node:
            yield from _parts_in(entry, node)


def with_children(node: Node, change: Callable[[Part], Node]) -> Node:
    """Return a node with what `change` makes of each part in place of that part."""
    new = dict(node)
    for entry in _STEPS:
        if entry in node:
            changed = map(change, _parts_in(entry, node))
            new[entry] = _refilled(node[entry], changed)
    return new


def _parts_in(entry: str, node: Node) -> Iterator[Part]:
    step = _STEPS[entry]
    match node[entry]:
        case {"type": str()} as inner:
            yield Part(entry, None, step, inner)
        case dict() as named:
            for name, inner in named.items():
                yield Part(entry, name, step.format(name), inner)
        case list() as several:
            for i, each in enumerate(several):
                match each:
                    case (inner, label):
                        yield Part(entry, label, step, inner)
                    case {"name": name} if entry == "fields":
                        yield Part(entry, name, step.format(name), each)
                    case dict():
                        is_one = step == "[]" and node.get("variadic_item_index") != i
                        yield Part(entry, i, f"[{i}]" if is_one else step, each)


def _refilled(entry: Any, parts: Iterator[Node]) -> Any:
    """Return what an entry is with other parts in it, which come in its order."""
    match entry:
        case {"type": str()}:
            return next(parts)
        case dict():
            return dict(zip(entry, parts, strict=True))
        case [str(), *_]:
            return entry  # a dataclass lists the names of its fields
    return [(next(parts), each[1]) if isinstance(each, tuple) else next(parts) for each in entry]


def inside(node: Node) -> Node | None:
    """Return the part that has its say on the whole value that a node is about, if there is one."""
    if node["type"] == "chain":
        last: Node = node["steps"][-1]
        return last
    return next(
        (node[entry] for entry in ("json_schema", "strict_schema", "schema") if entry in node), None
    )


def descend(node: Node) -> Iterator[Node]:
    """Yield a node, its parts, their parts and so on; what is only referred to is not followed."""
    yield node
    for part in children(node):
        yield from descend(part.node)


def bodies_in(definitions: Node) -> dict[str, Node]:
    """Return what the references stand for that a node of definitions is about."""
    return {body["ref"]: body for body in definitions["definitions"]}


def marked(node: Node) -> Node:
    """Return a node with a mark that it alters some values."""
    return {**node, "metadata": {**node.get("metadata", {}), ALTERS: True}}


def is_altering(node: Node) -> bool:
    """Tell whether a node has that mark."""
    return bool(node.get("metadata", {}).get(ALTERS))

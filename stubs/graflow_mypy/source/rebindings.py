"""Rebindings: names of modules and items of dictionaries that a file changes later.

A constant that is assigned again somewhere is not constant, and a dictionary may have more keys
than the display that it began with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from graflow_mypy.source.scopes import last_name

__all__ = ["FILLING", "ONLY_READING", "assigned_from_inside", "keys_added"]

FILLING = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})
"""The methods of a collection that add items to it."""

ONLY_READING = frozenset(
    {
        *("all", "any", "bool", "copy", "deepcopy", "dict", "enumerate", "frozenset", "isinstance"),
        *("iter", "join", "len", "list", "map", "max", "min", "print", "repr", "reversed", "set"),
        *("sorted", "str", "sum", "tuple", "zip"),
        *("aexecute", "astream", "execute", "set_all", "set_many", "stream"),
    }
)
"""Functions and methods that leave a collection as it is."""


def assigned_from_inside(tree: ast.Module) -> set[str]:
    """Return the names that functions of a module declare as `global`."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def keys_added(name: str, function: ast.AST) -> Iterator[ast.expr | None]:
    """Yield the keys that a local dictionary may get after its display.

    Args:
        name: The name of the dictionary.
        function: Where the name is local.

    Yields:
        The expression of a key, or `None` where it may be any.
    """
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript):
            if _is(node.value, name) and isinstance(node.ctx, ast.Store):
                yield node.slice
        elif isinstance(node, ast.Call):
            if _may_add(node, name):
                yield None
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.Return) and (
            node.value is not None and _is(node.value, name)
        ):
            yield None


def _may_add(node: ast.Call, name: str) -> bool:
    function = node.func
    if isinstance(function, ast.Attribute) and _is(function.value, name):
        return function.attr in FILLING
    given = (
        *node.args,
        *(word.value for word in node.keywords if word.arg != "initial_channel"),
    )
    return last_name(function) not in ONLY_READING and any(_is(each, name) for each in given)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name

"""Loops: the collections that they go through, and whether those may grow."""

from __future__ import annotations

import ast
from collections.abc import Callable

from graflow_mypy.source.rebindings import keys_added
from graflow_mypy.source.scopes import Scope, home_of
from graflow_mypy.source.terms import Name, Term

__all__ = ["gone_through", "grows", "is_number"]

_SAME_ITEMS = frozenset({"frozenset", "iter", "list", "reversed", "set", "sorted", "tuple"})
_PARTS = {("keys", ""): "", ("values", ""): "values", ("items", "0"): "", ("items", "1"): "values"}
"""The part of a dictionary that a part of what a method returns is."""


_NUMBER = "number"
"""The part of a collection that its items are counted with."""

_COUNTING = {(Name("builtins.enumerate"), "0"), (Name("builtins.range"), "")}


def is_number(part: str) -> bool:
    """Tell whether a part of what a loop goes through is a whole number, whatever that is."""
    return part == _NUMBER


def gone_through(
    node: ast.expr | None, part: str, read: Callable[[ast.expr], Term]
) -> tuple[ast.expr | None, str]:
    """Return the collection that a loop goes through, and the part of its items that it takes.

    Args:
        node: What stands in the loop.
        part: The number of the part of its items, as text; empty for whole items.
        read: Returns the term of an expression.
    """
    while isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not node.args:
            part = _PARTS.get((node.func.attr, part), "?")
            return (None if part == "?" else node.func.value), part
        called = read(node.func)
        name = called.last if isinstance(called, Name) else ""
        if (called, part) in _COUNTING:
            return node, _NUMBER
        if called == Name("builtins.enumerate") and part == "1":
            part = ""
        elif called != Name(f"builtins.{name}") or name not in _SAME_ITEMS:
            return None, part
        node = node.args[0] if node.args else None
    return node, part


def grows(name: str, scope: Scope) -> bool:
    """Tell whether a collection that is local to a function may get more items there."""
    home = home_of(name, scope)
    return home.parent is not None and any(True for _ in keys_added(name, home.node))

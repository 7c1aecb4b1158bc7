"""Placements: the expressions in a file that put a task into a workflow."""

from __future__ import annotations

import ast

from graflow_mypy.source.expressions import term_of
from graflow_mypy.source.note_taker import STARTS, NoteTaker
from graflow_mypy.source.notes import CallSite, PlacedNote
from graflow_mypy.source.scopes import Scope, last_name
from graflow_mypy.source.terms import ANY, Call, Name, Term

__all__ = ["OPERATION", "Placements"]

OPERATION = "an operation"
"""What stands in for the column of one; those of a line may share what is said of the line."""

_COMPOSING = {"chain", "parallel"}
_OPERATORS = (ast.RShift, ast.BitOr)


class Placements:
    """The tasks that a file puts into workflows: by calling them, or by putting them in order."""

    def __init__(self, taker: NoteTaker) -> None:
        """Begin a file.

        Args:
            taker: It gets the notes.
        """
        self._taker = taker
        self._notes = taker.notes

    def call(self, node: ast.Call, scope: Scope) -> None:
        """Look at a call, which may be that of a task, or one that puts tasks in order."""
        for keyword in node.keywords:
            if keyword.arg == "task_id":
                self._taker.instance(node, term_of(keyword.value, scope), scope)
                self._note(term_of(node, scope), ANY, self._taker.call_site(node))
            elif keyword.arg is None and getattr(node.func, "attr", "") not in STARTS:
                self._taker.instance(node, ANY, scope)
        if last_name(node.func) in _COMPOSING:
            function = term_of(node.func, scope)
            for given in node.args:
                self._ordered(given, function, self._taker.call_site(node), scope)

    def operation(self, node: ast.BinOp, scope: Scope) -> None:
        """Look at an operation, which may put tasks in order."""
        if isinstance(node.op, _OPERATORS):
            site = self._taker.site(node, OPERATION)
            for given in (node.left, node.right):
                self._ordered(given, ANY, site, scope)

    def _ordered(self, given: ast.expr, function: Term, site: CallSite, scope: Scope) -> None:
        if isinstance(given, ast.Name | ast.Attribute | ast.Call):
            term = term_of(given, scope)
            if not (isinstance(term, Call) and "task_id" in dict(term.named)):  # which is noted
                self._note(term, function, site)

    def _note(self, task: Term, function: Term, site: CallSite) -> None:
        if isinstance(task, Name) or (isinstance(task, Call) and isinstance(task.function, Name)):
            self._notes.placed.append(PlacedNote(task, function, site))

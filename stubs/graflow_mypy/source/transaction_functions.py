"""Transactions: which functions of a file get one, and from which channel."""

from __future__ import annotations

import ast

from graflow_mypy.source.expressions import term_of
from graflow_mypy.source.note_taker import NoteTaker, keyword_of
from graflow_mypy.source.scopes import Scope, last_name
from graflow_mypy.source.terms import ANY, Name, Term

__all__ = ["Transactions"]

_TYPES = {"AsyncTransaction", "Transaction"}


class Transactions:
    """The transactions in a file, followed from `transact` into the functions that get them.

    In a lambda the transaction is known at once: it stands for the channel. Named functions may be
    anywhere in the program, so it is noted which of them get one.
    """

    def __init__(self, module: Scope, taker: NoteTaker) -> None:
        """Begin a file.

        Args:
            module: The scope of the module.
            taker: It gets the notes.
        """
        self._taker = taker
        self._given: dict[ast.Lambda, Term] = {}
        self._names: set[str] = set()  # of what may be a transaction somewhere in the file
        self._types = set(_TYPES)
        for name, bindings in module.bindings.items():
            if any(
                each.dotted.endswith((".AsyncTransaction", ".Transaction")) for each in bindings
            ):
                self._types.add(name)

    def begin(self, node: ast.Call, channel: Term, scope: Scope) -> None:
        """Look at a call of the `transact` of a channel, before its arguments are visited."""
        function = node.args[0] if node.args else keyword_of(node, "fn")
        if isinstance(function, ast.Lambda):
            self._given[function] = channel
        elif function is not None:
            self._note(channel, function, scope)

    def enter_lambda(self, node: ast.Lambda, inner: Scope) -> None:
        """Bind the first parameter of a lambda that gets a transaction."""
        channel = self._given.pop(node, ANY)
        parameters = [*node.args.posonlyargs, *node.args.args]
        if channel is not ANY and parameters:
            name = parameters[0].arg
            inner.known[name] = channel
            self._names.add(name)

    def enter_function(self, arguments: ast.arguments) -> None:
        """Keep in mind the parameters of a function that are transactions."""
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if each.annotation is not None and self._is_type(each.annotation):
                self._names.add(each.arg)

    def _is_type(self, annotation: ast.expr) -> bool:
        if isinstance(annotation, ast.Constant):
            return annotation.value in self._types
        return last_name(annotation) in self._types

    def pass_on(self, node: ast.Call, scope: Scope) -> None:
        """Look for a transaction among the arguments of a call."""
        if not self._names:
            return
        for given in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(given, ast.Name) and given.id in self._names:
                self._note(term_of(given, scope), node.func, scope)

    def _note(self, transaction: Term, function: ast.expr, scope: Scope) -> None:
        """Note a function that gets a transaction, or one that begins on a channel."""
        if isinstance(function, ast.Call) and last_name(function.func) == "partial":
            function = function.args[0] if function.args else function
        term = term_of(function, scope)
        if isinstance(function, ast.Attribute) and last_name(function.value) in {"self", "cls"}:
            owner = scope.class_around
            term = Name(owner.full_name(function.attr)) if owner is not None else term
        self._taker.use("given", transaction, term, ANY, scope, function)

"""What is written down of a file while it is scanned."""

from __future__ import annotations

import ast
import re
from typing import Any

from graflow_mypy.source.expressions import CHANNEL_GETTERS, home_of, term_of
from graflow_mypy.source.rebindings import keys_added
from graflow_mypy.source.scopes import Scope
from graflow_mypy.source.terms import ANY, Term, is_unknown

__all__ = ["OPERATIONS", "READS", "WRITES", "Notes", "Record", "keyword_of"]

Record = dict[str, Any]
"""What is kept of a file, as JSON. Lists of uses have the items that `Notes` puts in them."""

READS = frozenset({"get", "get_list", "pop", "get_many", "ttl"})
WRITES = {"set": 2, "append": 2, "prepend": 2, "update": 2, "atomic_add": 1, "set_many": 1}
"""The operations that write, and how many arguments tell a channel's from those of other types."""

OPERATIONS = READS | WRITES.keys() | {"set_all"}
_MAPPINGS = {"set_many": "set", "set_all": "set", "get_many": "get"}
_MAY_WRITE = re.compile(r"(?:Channel|Context)'")


class Notes:
    """The index of a file while it is made.

    Attributes:
        record: The index.
        lines: The lines of the file.
    """

    def __init__(self, source: bytes) -> None:
        """Begin with nothing.

        Args:
            source: What the file holds.
        """
        self.record: Record = {
            "uses": [],
            "results": [],
            "schemas": [],
            "classes": {},
            "functions": {},
            "tasks": [],
            "instances": [],
            "initial": [],
            "changed": [],
            "filled": [],
        }
        self.lines = source.splitlines()  # at the ends that Python knows: it is bytes
        self._is_ascii = source.isascii()

    def filled(self, node: ast.expr, scope: Scope) -> None:
        """Write down that what a module has may get more items."""
        if isinstance(node, ast.Name | ast.Attribute):
            term = term_of(node, scope)
            if term[0] == "r":
                self.record["filled"].append(term[1])

    def lent(self, node: ast.Call, scope: Scope) -> None:
        """Write down what another package gets, for it may write into a channel."""
        called = term_of(node.func, scope)
        if called[0] != "r":
            return
        for given in (*node.args, *(keyword.value for keyword in node.keywords)):
            term = term_of(given, scope)
            if term[0] == "ch" or (term[0] == "t" and _MAY_WRITE.search(repr(term[1]))):
                self.use("lent", term, called, ANY, scope, None)

    def operation(
        self, node: ast.Call, name: str, receiver: Term, scope: Scope, *, is_seen: bool
    ) -> None:
        """Write down a call that may be an operation of a channel."""
        count = len(node.args) + len(node.keywords)
        if any(isinstance(each, ast.Starred) for each in node.args):
            count = max(count, 2)
        if receiver[0] in {"k", "s", "l", "d", "+"}:
            return
        is_doubtful = is_unknown(receiver) or receiver[0] == "a"
        if is_doubtful and count < WRITES.get(name, count + 1):
            return
        place = self.place(node) if is_seen else None
        if name in _MAPPINGS:
            self._several(node, name, receiver, scope, place)
            return
        key = node.args[0] if node.args else keyword_of(node, "key")
        value = node.args[1] if len(node.args) > 1 else keyword_of(node, "value")
        is_spread = isinstance(key, ast.Starred) or (key is None and bool(node.keywords))
        if key is not None or is_spread:
            term = ANY if is_spread else term_of(key, scope)
            self.use(name, receiver, term, self._kind_of(value, scope), scope, place)

    def _kind_of(self, value: ast.expr | None, scope: Scope) -> Term:
        """Return what is known of a value that is written, without what is in it."""
        if isinstance(value, ast.Dict):
            return ["k", "", "dict"]
        term = term_of(value, scope)
        if term[0] == "l":
            return ["k", term[1], term[1]]
        kinds = {"s": "str", "d": "dict"}
        return ["k", "", kinds[term[0]]] if term[0] in kinds else term

    def _several(self, node: ast.Call, name: str, receiver: Term, scope: Scope, place: Any) -> None:
        """Write down one use for each key of a mapping or of a list of keys."""
        for given in self.mapping(node.args[0] if node.args else None, scope):
            keys = [ANY]
            if given[0] == "d":
                keys = [key for key, _ in given[1]]
            elif given[0] == "l":
                keys = given[2:]
            for key in keys:
                self.use(_MAPPINGS[name], receiver, key, ANY, scope, place)

    def mapping(self, node: ast.expr | None, scope: Scope) -> list[Term]:
        """Return the term of a mapping, and terms of what else is put into it in its function."""
        found = [term_of(node, scope)]
        if isinstance(node, ast.Name):
            home = home_of(node.id, scope)
            if home.parent is not None:
                added = [term_of(key, home) for key in keys_added(node.id, home.node)]
                found += [["d", [[key, ANY]]] for key in added]
        return found

    def use(
        self, name: str, receiver: Term, key: Term, value: Term, scope: Scope, place: Any
    ) -> None:
        """Write down one use of a key, or of whatever the name of the use says."""
        self.record["uses"].append([name, receiver, key, value, scope.name, place])

    def schema(self, node: ast.Call, name: str, scope: Scope) -> None:
        """Write down the schema that a channel is made with."""
        position = 0 if name in CHANNEL_GETTERS else 1
        schema = node.args[position] if len(node.args) > position else keyword_of(node, "schema")
        term = term_of(schema, scope, is_type=True)
        self.record["schemas"].append(
            [term, name.startswith("get_keyed") or name[0] == "K", scope.name, self.place(node)]
        )

    def task_call(self, call: ast.Call, outer: ast.Call | None, scope: Scope) -> None:
        """Write down `task(function)`, or `task("id")(function)` where there is an outer call."""
        made_of = (outer or call).args[0] if (outer or call).args else None
        if outer is None and (made_of is None or isinstance(made_of, ast.Constant)):
            made_of = None
        named = keyword_of(call, "task_id") or keyword_of(call, "id")
        task_id = named or (call.args[0] if outer is not None and call.args else None)
        is_named = isinstance(made_of, ast.Name | ast.Attribute)
        function = term_of(made_of, scope) if is_named else ANY
        self.task(
            term_of(call.func, scope),
            function,
            term_of(task_id, scope) if task_id is not None else _name_of(function),
            scope,
        )

    def task(self, maker: Term, function: Term, task_id: Term, scope: Scope) -> None:
        """Write down something that makes a task."""
        self.record["tasks"].append([maker, function, task_id, scope.name])

    def place(self, node: ast.Call) -> list[Any]:
        """Return where a call is: its lines, and its last column in bytes.

        The native parser of mypy 2 has other columns behind text that is not ASCII: there, what
        is called and its first argument stand in for the column.
        """
        end_line, end = node.end_lineno or 0, node.end_col_offset or 0
        column: int | str = end
        if not (self._is_ascii or self.lines[end_line - 1][:end].isascii()):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            first = node.args[0] if node.args else None
            text = first.value if isinstance(first, ast.Constant) else ""
            column = f"{name} {text if isinstance(text, str) else ''}"
        return [node.lineno, end_line, end, column]


def keyword_of(node: ast.Call, name: str) -> ast.expr | None:
    """Return the argument that a call gives by name, if it does."""
    return next((each.value for each in node.keywords if each.arg == name), None)


def _name_of(function: Term) -> Term:
    return ["s", function[1].rpartition(".")[2]] if function[0] == "r" else ANY

"""The index of one file: which keys and tasks it uses, and what its names stand for."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard, get_args

from graflow_mypy.changes import FILLING, assigned_from_inside, keys_added
from graflow_mypy.definitions import class_record, function_record, names_of
from graflow_mypy.expressions import CHANNEL_GETTERS, home_of, term_of
from graflow_mypy.scopes import Comprehension, Scope
from graflow_mypy.terms import ANY, Term, either, is_unknown

__all__ = ["READS", "WRITES", "Record", "is_quiet", "mentions", "scan"]

Record = dict[str, Any]
"""What is kept of a file, as JSON. Lists of uses have the items that `_Scanner` puts in them."""

READS = frozenset({"get", "get_list", "pop", "get_many", "ttl"})
WRITES = {"set": 2, "append": 2, "prepend": 2, "update": 2, "atomic_add": 1, "set_many": 1}
"""The operations that write, and how many arguments tell a channel's from those of other types."""

_OPERATIONS = READS | WRITES.keys() | {"set_all"}
_MAPPINGS = {"set_many": "set", "set_all": "set", "get_many": "get"}
_SCHEMA_CALLS = {"TypedChannel", "KeyedChannel", "get_typed_channel", "get_keyed_channel"}
_WORTH_A_LOOK = re.compile(
    rb"get_result|get_channel|_channel\(|Channel\s*[\[(]|\btask\b|initial_channel|task_id"
    # A channel takes more than the one simple argument of `list.append` and `set.update`.
    rb"|\.\s*(?:set|append|prepend|update)\b(?!\s*\([^,()*]*\))"
    rb"|\.\s*(?:atomic_add|set_many|set_all|get_many|get_list)\s*\("
    # What changes a constant or the items of one.
    rb"|\b(?:[A-Z]\w*|cls)\.\w+\s*=[^=]|\.[A-Z][A-Z0-9_]*\s*=[^=]"
    rb"|\b[A-Z][A-Z0-9_]+\s*(?:\[|\.(?:setdefault|update)\()"
)
_WITHOUT_INTEREST = frozenset(
    {
        *(ast.Constant, ast.Load, ast.Store, ast.Del, ast.Import, ast.ImportFrom),
        *ast.operator.__subclasses__(),
        *ast.unaryop.__subclasses__(),
        *ast.cmpop.__subclasses__(),
        *ast.boolop.__subclasses__(),
    }
)
_MAY_WRITE = re.compile(r"(?:Channel|Context)'")


def is_quiet(source: bytes, aliases: Iterable[str] = ()) -> bool:
    """Tell whether a file surely uses no key and no task, whatever it defines for others."""
    return _WORTH_A_LOOK.search(source) is None and not mentions(source, aliases)


def mentions(source: bytes, aliases: Iterable[str]) -> bool:
    """Tell whether the last part of one of some full names is in a file."""
    return any(each.rpartition(".")[2].encode() in source for each in aliases)


class _MethodNamed(ast.Assign):
    """An assignment of an attribute."""

    value: ast.Attribute


def scan(source: bytes, module: str, *, is_package: bool, aliases: Iterable[str] = ()) -> Record:
    """Return the index of a file; one that can't be parsed says only that it is `broken`.

    Args:
        source: What the file holds.
        module: The full name of the module.
        is_package: Whether the file is an `__init__`.
        aliases: Full names that stand for the decorator `task`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        package = module if is_package else module.rpartition(".")[0]
        scope = Scope("module", "", tree, None, package, module, b":=" in source)
        scanner = _Scanner(scope, source, frozenset(aliases))
        if is_quiet(source, aliases):
            scanner.visit_definitions(tree.body, scope)
        else:
            scanner.visit_body(tree.body, scope)
        names = scanner.record["names"] = names_of(tree, scope)
        for name in assigned_from_inside(tree) if b"global" in source else ():
            names[name] = either([names.get(name, ANY), ANY])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {"broken": True}
    return {name: found for name, found in scanner.record.items() if found}


class _Scanner:
    """Walks a file once, and writes down what concerns channels and tasks."""

    def __init__(self, module: Scope, source: bytes, aliases: frozenset[str]) -> None:
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
        self._visits: dict[type[ast.AST], Callable[[Any, Scope], None]] = {
            ast.Expr: lambda node, scope: self._visit(node.value, scope),
            ast.Call: self._visit_call,
            ast.Attribute: self._visit_attribute,
            ast.Subscript: self._visit_subscript,
            ast.Name: self._visit_name,
            ast.FunctionDef: self._visit_function,
            ast.AsyncFunctionDef: self._visit_function,
            ast.ClassDef: self._visit_class,
            ast.Assign: self._visit_assignment,
            ast.Lambda: self._visit_lambda,
            **dict.fromkeys(get_args(Comprehension), self._visit_comprehension),
        }
        self._lines = None if source.isascii() else source.split(b"\n")
        self._task_words = {"task", *(each.rpartition(".")[2] for each in aliases)}
        self._task_names = set(self._task_words if "*" in module.bindings else ())
        for name, bindings in module.bindings.items():
            for each in bindings:
                is_task = each.dotted.rpartition(".")[2] == "task" or each.dotted in aliases
                if is_task or self._makes_tasks(each.value):
                    self._task_names.add(name)

        self._foreign = {
            name
            for name, bindings in module.bindings.items()
            if any(_is_foreign(each.dotted) for each in bindings if each.kind == "import")
        } | {"getattr"}

    def visit_body(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._visit(statement, scope)

    def visit_definitions(self, body: list[ast.stmt], scope: Scope) -> None:
        """Write down the classes and functions of a file that has nothing else of interest."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                name = scope.inner("class", node.name, node).name
                self.record["classes"][name] = class_record(node, scope)
            if isinstance(node, ast.ClassDef | ast.If | ast.Try):
                inner = node.body
                place = (
                    scope.inner("class", node.name, node)
                    if isinstance(node, ast.ClassDef)
                    else scope
                )
                self.visit_definitions(inner, place)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
                name = scope.inner("function", node.name, node).name
                self.record["functions"][name] = function_record(node, scope, [])

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        kind = node.__class__
        if kind in self._visits:
            self._visits[kind](node, scope)
        elif kind not in _WITHOUT_INTEREST:
            self._visit_children(node, scope)

    def _visit_name(self, node: ast.Name, scope: Scope) -> None:
        """Look for the decorator `task` where it is neither called nor decorates."""
        if node.id in self._task_names and isinstance(node.ctx, ast.Load):
            self._add_task(["r", "graflow.task"], ANY, ANY, scope)

    def _visit_class(self, node: ast.ClassDef, scope: Scope) -> None:
        inner = scope.inner("class", node.name, node)
        known = self.record["classes"]
        is_known = inner.name in known
        known[inner.name] = class_record(node, scope)
        known[inner.name]["twice"] = is_known
        self._visit_all([*node.decorator_list, *node.bases, *node.body], inner)

    def _visit_assignment(self, node: ast.Assign, scope: Scope) -> None:
        if scope.kind == "module" and self._makes_tasks(node.value):
            return  # an alias, which is followed
        if self._is_followed(node, scope):
            self._visit(node.value.value, scope)
        else:
            self._visit_children(node, scope)

    def _visit_lambda(self, node: ast.Lambda, scope: Scope) -> None:
        self._visit(node.body, scope.inner("function", "", node))

    def _visit_comprehension(self, node: ast.expr, scope: Scope) -> None:
        self._visit_children(node, scope.inner("function", "", node))

    def _is_followed(self, node: ast.Assign, scope: Scope) -> TypeGuard[_MethodNamed]:
        """Tell whether a method gets a local name, under which its calls are found."""
        is_method = isinstance(node.value, ast.Attribute)
        is_local = all(isinstance(each, ast.Name) for each in node.targets)
        return is_method and is_local and scope.kind == "function"

    def _visit_all(self, nodes: list[Any], scope: Scope) -> None:
        for node in nodes:
            self._visit(node, scope)

    def _visit_children(self, node: ast.AST, scope: Scope) -> None:
        for value in node.__dict__.values():
            for each in value if value.__class__ is list else (value,):
                if isinstance(each, ast.AST):
                    self._visit(each, scope)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        inner = scope.inner("function", node.name, node)
        decorators = []
        for decorator in node.decorator_list:
            if self._is_task(decorator) or self._is_task(getattr(decorator, "func", None)):
                decorators.append(term_of(decorator, scope))
            else:
                self._visit(decorator, scope)
        if node.returns or decorators:
            self.record["functions"][inner.name] = function_record(node, scope, decorators)
        self._visit_all([*node.args.defaults, *filter(None, node.args.kw_defaults)], scope)
        self.visit_body(node.body, inner)

    def _is_task(self, node: ast.AST | None) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._task_names
        return isinstance(node, ast.Attribute) and node.attr in self._task_words

    def _makes_tasks(self, node: ast.expr | None) -> bool:
        """Tell whether an expression is the decorator `task`, or a call that makes one like it."""
        if isinstance(node, ast.Call):
            is_maker = all(isinstance(each, ast.Constant) for each in node.args)
            return is_maker and self._is_task(node.func)
        return self._is_task(node)

    def _visit_attribute(self, node: ast.Attribute, scope: Scope) -> None:
        """Look at a method that is handed on, which may write whatever it is called with."""
        if not isinstance(node.ctx, ast.Load):
            self._visit_changed(node, scope)
        elif node.attr in WRITES:
            receiver = term_of(node.value, scope)
            if not is_unknown(receiver):
                self._add_use("handed", receiver, ANY, ANY, scope, None)
        self._visit(node.value, scope)

    def _visit_changed(self, node: ast.Attribute, scope: Scope) -> None:
        """Look at what is assigned to a name of another module, or to one of a class."""
        owner = term_of(node.value, scope)
        if isinstance(node.value, ast.Name) and node.value.id == "cls":
            owner = ["r", f"{scope.module}.{scope.name.rpartition('.')[0]}"]
        if owner[0] == "r":
            self.record["changed"].append(f"{owner[1]}.{node.attr}")

    def _visit_subscript(self, node: ast.Subscript, scope: Scope) -> None:
        if isinstance(node.ctx, ast.Store):
            self._note_filled(node.value, scope)
        self._visit_children(node, scope)

    def _note_filled(self, node: ast.expr, scope: Scope) -> None:
        """Write down that what a module has may get more items."""
        if isinstance(node, ast.Name | ast.Attribute):
            term = term_of(node, scope)
            if term[0] == "r":
                self.record["filled"].append(term[1])

    def _visit_call(self, node: ast.Call, scope: Scope) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            self._visit_method(node, function, scope)
            self._visit(function.value, scope)
        elif self._is_task(function):
            self._task_call(node, None, scope)
        elif isinstance(function, ast.Call) and self._is_task(function.func):
            self._task_call(function, node, scope)
            self._visit_all(function.args, scope)
        elif isinstance(function, ast.Name):
            self._visit_named(node, function, scope)
        else:
            self._visit(function, scope)
        if self._foreign and _root(function) in self._foreign:
            self._note_lent(node, scope)
        for keyword in node.keywords:
            self._look_at_keyword(keyword, function, scope)
            self._visit(keyword.value, scope)
        self._visit_all(node.args, scope)

    def _look_at_keyword(self, keyword: ast.keyword, function: ast.expr, scope: Scope) -> None:
        """Look for what a run starts with, and for ids of instances; `**` may have them in it."""
        if keyword.arg == "initial_channel":
            self.record["initial"] += self._mapping(keyword.value, scope)
        elif keyword.arg == "task_id":
            instance = [term_of(function, scope), term_of(keyword.value, scope)]
            self.record["instances"].append(instance)
        elif keyword.arg is None and isinstance(function, ast.Name):
            self.record["instances"].append([term_of(function, scope), ANY])
        elif keyword.arg is None and getattr(function, "attr", "") == "execute":
            self.record["initial"].append(ANY)

    def _note_lent(self, node: ast.Call, scope: Scope) -> None:
        """Write down what another package gets, for it may write into a channel."""
        called = term_of(node.func, scope)
        if called[0] != "r":
            return
        for given in (*node.args, *(keyword.value for keyword in node.keywords)):
            term = term_of(given, scope)
            if term[0] == "ch" or (term[0] == "t" and _MAY_WRITE.search(repr(term[1]))):
                self._add_use("lent", term, called, ANY, scope, None)

    def _visit_named(self, node: ast.Call, function: ast.Name, scope: Scope) -> None:
        """Look at the call of a name: a class of channels, or a method under another name."""
        called = term_of(function, scope)
        if called[0] == "r" and called[1].rpartition(".")[2] in _SCHEMA_CALLS:
            self._add_schema(node, called[1].rpartition(".")[2], scope)
            self._add_use("made", term_of(node, scope), ANY, ANY, scope, None)
        elif called[0] == "r" and called[1].rpartition(".")[2].endswith("Channel"):
            self._add_use("made", term_of(node, scope), ANY, ANY, scope, None)
        elif called[0] == "a" and called[2] in WRITES:
            self._add_operation(node, called[2], called[1], scope, is_seen=False)

    def _visit_method(self, node: ast.Call, function: ast.Attribute, scope: Scope) -> None:
        name = function.attr
        if name in FILLING:
            self._note_filled(function.value, scope)
        if name == "get_result":
            asked = node.args[0] if node.args else _keyword(node, "task")
            place = self._place(node)
            self.record["results"].append([term_of(asked, scope), scope.name, place])
        elif name in CHANNEL_GETTERS and name in _SCHEMA_CALLS:
            self._add_schema(node, name, scope)
        elif name in _SCHEMA_CALLS or name.endswith("Channel") or name == "create_channel":
            self._add_use("made", term_of(node, scope), ANY, ANY, scope, None)
            if name in _SCHEMA_CALLS:
                self._add_schema(node, name, scope)
        elif name in _OPERATIONS:
            self._add_operation(node, name, term_of(function.value, scope), scope, is_seen=True)
        elif name in self._task_words:
            self._task_call(node, None, scope)

    def _add_operation(
        self, node: ast.Call, name: str, receiver: Term, scope: Scope, *, is_seen: bool
    ) -> None:
        count = len(node.args) + len(node.keywords)
        if any(isinstance(each, ast.Starred) for each in node.args):
            count = max(count, 2)
        if receiver[0] in {"k", "s", "l", "d", "+"}:
            return
        is_doubtful = is_unknown(receiver) or receiver[0] == "a"
        if is_doubtful and count < WRITES.get(name, count + 1):
            return
        place = self._place(node) if is_seen else None
        if name in _MAPPINGS:
            self._add_several(node, name, receiver, scope, place)
            return
        key = node.args[0] if node.args else _keyword(node, "key")
        value = node.args[1] if len(node.args) > 1 else _keyword(node, "value")
        is_spread = isinstance(key, ast.Starred) or (key is None and bool(node.keywords))
        if key is not None or is_spread:
            term = ANY if is_spread else term_of(key, scope)
            self._add_use(name, receiver, term, self._kind_of(value, scope), scope, place)

    def _kind_of(self, value: ast.expr | None, scope: Scope) -> Term:
        """Return what is known of a value that is written, without what is in it."""
        if isinstance(value, ast.Dict):
            return ["k", "", "dict"]
        term = term_of(value, scope)
        if term[0] == "l":
            return ["k", term[1], term[1]]
        kinds = {"s": "str", "d": "dict"}
        return ["k", "", kinds[term[0]]] if term[0] in kinds else term

    def _add_several(
        self, node: ast.Call, name: str, receiver: Term, scope: Scope, place: Any
    ) -> None:
        """Write down one use for each key of a mapping or of a list of keys."""
        for given in self._mapping(node.args[0] if node.args else None, scope):
            keys = [ANY]
            if given[0] == "d":
                keys = [key for key, _ in given[1]]
            elif given[0] == "l":
                keys = given[2:]
            for key in keys:
                self._add_use(_MAPPINGS[name], receiver, key, ANY, scope, place)

    def _mapping(self, node: ast.expr | None, scope: Scope) -> list[Term]:
        """Return the term of a mapping, and terms of what else is put into it in its function."""
        found = [term_of(node, scope)]
        if isinstance(node, ast.Name):
            home = home_of(node.id, scope)
            if home.parent is not None:
                added = [term_of(key, home) for key in keys_added(node.id, home.node)]
                found += [["d", [[key, ANY]]] for key in added]
        return found

    def _add_use(
        self, name: str, receiver: Term, key: Term, value: Term, scope: Scope, place: Any
    ) -> None:
        self.record["uses"].append([name, receiver, key, value, scope.name, place])

    def _add_schema(self, node: ast.Call, name: str, scope: Scope) -> None:
        position = 0 if name in CHANNEL_GETTERS else 1
        schema = node.args[position] if len(node.args) > position else _keyword(node, "schema")
        term = term_of(schema, scope, is_type=True)
        self.record["schemas"].append(
            [term, name.startswith("get_keyed") or name[0] == "K", scope.name, self._place(node)]
        )

    def _task_call(self, call: ast.Call, outer: ast.Call | None, scope: Scope) -> None:
        """Write down `task(function)`, or `task("id")(function)` where there is an outer call."""
        made_of = (outer or call).args[0] if (outer or call).args else None
        if outer is None and (made_of is None or isinstance(made_of, ast.Constant)):
            made_of = None
        task_id = _keyword(call, "id") or (
            call.args[0] if outer is not None and call.args else None
        )
        is_named = isinstance(made_of, ast.Name | ast.Attribute)
        function = term_of(made_of, scope) if is_named else ANY
        self._add_task(
            term_of(call.func, scope),
            function,
            term_of(task_id, scope) if task_id is not None else _name_of(function),
            scope,
        )

    def _add_task(self, maker: Term, function: Term, task_id: Term, scope: Scope) -> None:
        self.record["tasks"].append([maker, function, task_id, scope.name])

    def _place(self, node: ast.Call) -> list[Any]:
        """Return where a call is: its lines, and its last column in bytes.

        The native parser of mypy 2 has other columns behind text that is not ASCII: there, what
        is called and its first argument stand in for the column.
        """
        end_line, end = node.end_lineno or 0, node.end_col_offset or 0
        column: int | str = end
        if self._lines is not None and not self._lines[end_line - 1][:end].isascii():
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            first = node.args[0] if node.args else None
            text = first.value if isinstance(first, ast.Constant) else ""
            column = f"{name} {text if isinstance(text, str) else ''}"
        return [node.lineno, end_line, end, column]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_foreign(dotted: str) -> bool:
    top = dotted.partition(".")[0]
    return top != "graflow" and top not in sys.stdlib_module_names


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in node.keywords if each.arg == name), None)


def _name_of(function: Term) -> Term:
    return ["s", function[1].rpartition(".")[2]] if function[0] == "r" else ANY

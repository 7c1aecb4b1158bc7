"""Visitor of the syntax tree of one file, which notes what concerns channels and tasks."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, TypeGuard, get_args

from graflow_mypy.source.definitions import class_note, function_note
from graflow_mypy.source.expressions import CHANNEL_GETTERS, FACES, term_of
from graflow_mypy.source.files.interest import Interest
from graflow_mypy.source.note_taker import OPERATIONS, RESTARTS, STARTS, WRITES, NoteTaker
from graflow_mypy.source.placements import Placements
from graflow_mypy.source.rebindings import FILLING, OF_AN_INSTANCE, ONLY_READING
from graflow_mypy.source.scopes import Comprehension, Scope, last_name
from graflow_mypy.source.terms import ANY, Attribute, Name, Term, Text
from graflow_mypy.source.transaction_functions import Transactions

__all__ = ["Visitor"]

_SCHEMA_CALLS = {"TypedChannel", "KeyedChannel", "get_typed_channel", "get_keyed_channel"}
_COPIED = {None, "initial_channel"}
_WITHOUT_INTEREST = frozenset(
    {
        *(str, int, NoneType),
        *(ast.Constant, ast.Load, ast.Store, ast.Del, ast.Import),
        *ast.operator.__subclasses__(),
        *ast.unaryop.__subclasses__(),
        *ast.cmpop.__subclasses__(),
        *ast.boolop.__subclasses__(),
    }
)


class _MethodNamed(ast.Assign):
    """An assignment of an attribute."""

    value: ast.Attribute


class Visitor:
    """Walks a file once, and notes what concerns channels and tasks."""

    def __init__(self, module: Scope, taker: NoteTaker, interest: Interest) -> None:
        self._taker = taker
        self._notes = taker.notes
        self._visits: dict[type, Callable[[Any, Scope], None] | None] = {
            **dict.fromkeys(_WITHOUT_INTEREST),
            ast.Expr: lambda node, scope: self._visit(node.value, scope),
            ast.BinOp: self._visit_operation,
            ast.Call: self._visit_call,
            ast.Attribute: self._visit_attribute,
            ast.Subscript: self._visit_subscript,
            ast.Name: self._visit_name,
            ast.FunctionDef: self._visit_function,
            ast.AsyncFunctionDef: self._visit_function,
            ast.ClassDef: self._visit_class,
            ast.Assign: self._visit_assignment,
            ast.ImportFrom: self._visit_import,
            ast.Lambda: self._visit_lambda,
            ast.Return: self._visit_return,
            **dict.fromkeys(get_args(Comprehension), self._visit_comprehension),
        }
        self._interest = interest
        aliases = interest.aliases
        self._task_words = {"task", *(each.rpartition(".")[2] for each in aliases)}
        self._placements = Placements(taker)
        self._transactions = Transactions(module, taker)
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
        """Note all that the statements of a scope do."""
        for statement in body:
            self._visit(statement, scope)

    def visit_definitions(self, body: Sequence[ast.AST], scope: Scope) -> None:
        """Note the classes and functions of a file, and not what it uses."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                self.visit_definitions(node.body, self._add_class(node, scope))
            elif isinstance(node, ast.If | ast.Try):
                for block in (node.body, getattr(node, "handlers", []), node.orelse):
                    self.visit_definitions(block, scope)
            elif isinstance(node, ast.ExceptHandler):
                self.visit_definitions(node.body, scope)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
                name = scope.inner("function", node.name, node).name
                self._notes.functions[name] = function_note(node, scope, [])

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        visit = self._visits.get(node.__class__, self._visit_children)
        if visit is not None:
            visit(node, scope)

    def _visit_name(self, node: ast.Name, scope: Scope) -> None:
        """Look for the decorator `task` where it is neither called nor decorates."""
        if node.id in self._task_names and isinstance(node.ctx, ast.Load):
            self._taker.task(Name("graflow.task"), ANY, ANY, node)

    def _visit_class(self, node: ast.ClassDef, scope: Scope) -> None:
        inner = self._add_class(node, scope)
        self._visit_all([*node.decorator_list, *node.bases, *node.body], inner)

    def _add_class(self, node: ast.ClassDef, scope: Scope) -> Scope:
        inner = scope.inner("class", node.name, node)
        known = self._notes.classes
        known[inner.name] = class_note(node, scope, is_twice=inner.name in known)
        return inner

    def _visit_import(self, node: ast.ImportFrom, scope: Scope) -> None:
        """Note what `task` is called in a function that imports it; a module's names are known."""
        for alias in node.names:
            if alias.asname and alias.name in self._task_words:
                self._task_names.add(alias.asname)

    def _visit_assignment(self, node: ast.Assign, scope: Scope) -> None:
        if scope.kind != "class" and self._makes_tasks(node.value):
            names = [each.id for each in node.targets if isinstance(each, ast.Name)]
            self._task_names.update(names)  # which are followed
            if len(names) < len(node.targets):
                self._visit_children(node, scope)
        elif self._is_followed(node, scope):
            self._visit(node.value.value, scope)
        else:
            self._visit_children(node, scope)

    def _visit_return(self, node: ast.Return, scope: Scope) -> None:
        if node.value is not None:
            self._look_at_escape(node.value, scope)
            self._visit(node.value, scope)

    def _look_at_escape(self, given: ast.expr, scope: Scope) -> None:
        """Look for a mapping that others get, who may put more into it."""
        if last_name(given) in self._interest.mappings:
            self._taker.filled(given, scope)

    def _visit_lambda(self, node: ast.Lambda, scope: Scope) -> None:
        inner = scope.inner("function", "", node)
        self._transactions.enter_lambda(node, inner)
        self._visit_defaults(node.args, scope)
        self._visit(node.body, inner)

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
        visits, children = self._visits, self._visit_children
        for value in node.__dict__.values():
            if value.__class__ is list:
                self._visit_all(value, scope)
            elif (visit := visits.get(value.__class__, children)) is not None:
                visit(value, scope)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        inner = scope.inner("function", node.name, node)
        decorators: list[Term] = []
        for decorator in node.decorator_list:
            if self._is_task(decorator) or self._is_task(getattr(decorator, "func", None)):
                decorators.append(term_of(decorator, scope))
            else:
                self._note_foreign(decorator, node.name, scope)
                self._visit(decorator, scope)
        if node.returns or decorators:
            known, name = self._notes.functions, inner.name
            known[name] = function_note(node, scope, decorators, is_twice=name in known)
        self._transactions.enter_function(node.args)
        self._visit_defaults(node.args, scope)
        if scope.is_in_function or not self._is_dull(node):
            self.visit_body(node.body, inner)

    def _note_foreign(self, decorator: ast.expr, name: str, scope: Scope) -> None:
        """Note a decorator of another package, which may make a task of a function."""
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        if self._foreign and _root(maker) in self._foreign:
            self._taker.task(term_of(maker, scope), ANY, Text(name), decorator)

    def _visit_defaults(self, arguments: ast.arguments, scope: Scope) -> None:
        self._visit_all([*arguments.defaults, *filter(None, arguments.kw_defaults)], scope)

    def _is_dull(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        lines = self._taker.lines[node.lineno - 1 : node.end_lineno]
        return self._interest.is_dull(b"\n".join(lines))

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
            if receiver is not ANY:
                self._taker.use("handed", receiver, ANY, ANY, scope, node)
        self._visit(node.value, scope)

    def _visit_changed(self, node: ast.Attribute, scope: Scope) -> None:
        """Look at what is assigned to a name of another module, or to one of a class."""
        owner = term_of(node.value, scope)
        if isinstance(node.value, ast.Name) and node.value.id == "cls":
            owner = Name(f"{scope.module}.{scope.name.rpartition('.')[0]}")
        if isinstance(owner, Name):
            self._notes.changed.append(f"{owner.dotted}.{node.attr}")
        elif node.attr.isupper():
            self._notes.changed.append(f"{OF_AN_INSTANCE}{node.attr}")

    def _visit_subscript(self, node: ast.Subscript, scope: Scope) -> None:
        if isinstance(node.ctx, ast.Store):
            self._taker.filled(node.value, scope)
        self._visit_children(node, scope)

    def _visit_operation(self, node: ast.BinOp, scope: Scope) -> None:
        self._placements.operation(node, scope)
        self._visit_children(node, scope)

    def _visit_call(self, node: ast.Call, scope: Scope) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            self._visit_method(node, function, scope)
            self._visit(function.value, scope)
        elif self._is_task(function):
            self._taker.task_call(node, None, scope)
        elif isinstance(function, ast.Call) and self._is_task(function.func):
            self._taker.task_call(function, node, scope)
            self._visit_all(function.args, scope)
        elif isinstance(function, ast.Name):
            self._visit_named(node, function, scope)
        else:
            self._visit(function, scope)
        if self._foreign and _root(function) in self._foreign:
            self._taker.lent(node, scope)
        self._transactions.pass_on(node, scope)
        self._placements.call(node, scope)
        for keyword in node.keywords:
            self._look_at_keyword(keyword, node, scope)
            self._visit(keyword.value, scope)
        self._visit_all(node.args, scope)
        if self._interest.mappings and last_name(function) not in ONLY_READING:
            named = (each.value for each in node.keywords if each.arg not in _COPIED)
            for given in (*node.args, *named):
                self._look_at_escape(given, scope)

    def _look_at_keyword(self, keyword: ast.keyword, call: ast.Call, scope: Scope) -> None:
        """Look for what a run starts with, which `**` may have in it."""
        if keyword.arg == "initial_channel":
            self._taker.initial(call, self._taker.mapping(keyword.value, scope), scope)
        elif keyword.arg is None and _may_start(call):
            self._taker.initial(call, [ANY], scope)

    def _visit_named(self, node: ast.Call, function: ast.Name, scope: Scope) -> None:
        """Look at the call of a name: a class of channels, or a method under another name."""
        match called := term_of(function, scope):
            case Name() if called.last in _SCHEMA_CALLS:
                self._taker.schema(node, called.last, scope)
                self._taker.use("made", term_of(node, scope), ANY, ANY, scope, node)
            case Name() if called.last.endswith("Channel"):
                self._taker.use("made", term_of(node, scope), ANY, ANY, scope, node)
            case Attribute(owner, name) if name in WRITES:
                self._taker.operation(node, name, owner, scope, is_seen=False)
            case Attribute(owner, "transact"):
                self._transactions.begin(node, owner, scope)
            case _:
                pass

    def _visit_method(self, node: ast.Call, function: ast.Attribute, scope: Scope) -> None:
        name = function.attr
        if name in FILLING:
            self._taker.filled(function.value, scope)
        if name == "get_result":
            self._taker.result(node, scope)
        elif name in STARTS or name in RESTARTS:
            self._taker.start(node, scope)
        elif name == "transact":
            self._transactions.begin(node, term_of(function.value, scope), scope)
        elif name in FACES or (name in CHANNEL_GETTERS and name in _SCHEMA_CALLS):
            self._taker.schema(node, name, scope)
        elif name in _SCHEMA_CALLS or name.endswith("Channel") or name == "create_channel":
            self._taker.use("made", term_of(node, scope), ANY, ANY, scope, node)
            if name in _SCHEMA_CALLS:
                self._taker.schema(node, name, scope)
        elif name in OPERATIONS:
            self._taker.operation(node, name, term_of(function.value, scope), scope, is_seen=True)
        elif name in self._task_words:
            self._taker.task_call(node, None, scope)


def _may_start(call: ast.Call) -> bool:
    """Tell whether a call may be that of a method with a parameter `initial_channel`."""
    name = getattr(call.func, "attr", "")
    # Many other methods are called `run`; that of a workflow has no arguments by position.
    return name in STARTS or (name in RESTARTS and not (call.args and name.endswith("run")))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_foreign(dotted: str) -> bool:
    top = dotted.partition(".")[0]
    return top != "graflow" and top not in sys.stdlib_module_names

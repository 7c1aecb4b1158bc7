"""Scopes: the names in a module, class or function, and what binds them there."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from graflow_mypy.source.terms import Term

__all__ = [
    "Binding",
    "Comprehension",
    "Scope",
    "bindings_of",
    "first_parameter",
    "home_of",
    "import_bindings",
    "is_property",
    "last_name",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FOLLOWED = (ast.Attribute, ast.Call, ast.Name, ast.Subscript)
_IMPORTS = (ast.Import, ast.ImportFrom)
_BLOCKS = {
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith),
    *(ast.Try, ast.TryStar, ast.Match),
}
_ASSIGNING = {
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor),
    *(ast.Global, ast.Nonlocal),
}


@dataclass(slots=True)
class Binding:
    """One place that gives a name its meaning.

    Attributes:
        kind: `value`, `each` (an item of the value, in a loop), `item` (one that is unpacked),
            `definition`, `import`, `parameter` or `unknown`.
        value: The expression.
        annotation: What is said to be its type.
        dotted: The full name of what is imported or defined, or of the function of a parameter.
        part: Of an item that is unpacked, the number of the part; empty for the whole.
    """

    kind: str
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    dotted: str = ""
    part: str = ""


@dataclass
class Scope:
    """A module, a class, a function or a comprehension.

    Attributes:
        kind: Which of them: `module`, `class` or `function` (also for comprehensions).
        name: Its dotted name inside the module; empty for the module itself.
        node: Its source.
        parent: The scope around.
        package: The package that relative imports start from.
        module: The name of the module.
        has_walrus: Whether there is a `:=` in the file.
        has_nonlocal: Whether there is a `nonlocal` in the file.
        busy: The names that are being followed.
        known: What names that were followed stand for.
    """

    kind: str
    name: str
    node: ast.AST
    parent: Scope | None
    package: str
    module: str
    has_walrus: bool = True
    has_nonlocal: bool = True
    busy: set[str] = field(default_factory=set)
    known: dict[str, Term] = field(default_factory=dict)

    @cached_property
    def bindings(self) -> dict[str, list[Binding]]:
        """Return what binds each name that is local to the scope."""
        found: dict[str, list[Binding]] = {}
        for name, binding in bindings_of(self):
            found.setdefault(name, []).append(binding)
        if self.has_nonlocal and self.kind == "function":
            for name in found.keys() & _rebound_inside(self.node):
                found[name].append(Binding("unknown"))
        return found

    @cached_property
    def attributes(self) -> dict[str, list[tuple[ast.expr | None, Scope]]]:
        """Return what the methods of a class set each attribute of `self` to, and where."""
        found: dict[str, list[tuple[ast.expr | None, Scope]]] = {}
        for method in getattr(self.node, "body", ()):
            owner = first_parameter(method)
            for name, value in _attributes_set(method, owner) if owner else ():
                place = self.inner("function", method.name, method)
                found.setdefault(name, []).append((value, place))
        return found

    @property
    def is_in_function(self) -> bool:
        """Whether it is a function, or inside one."""
        return self.kind == "function" or (self.parent is not None and self.parent.is_in_function)

    def inner(self, kind: str, name: str, node: ast.AST) -> Scope:
        """Return the scope of a class, function or comprehension inside."""
        full = f"{self.name}.{name}" if self.name and name else name or self.name
        of_file = self.package, self.module, self.has_walrus, self.has_nonlocal
        return Scope(kind, full, node, self, *of_file)

    @property
    def class_around(self) -> Scope | None:
        """The innermost class around it."""
        place: Scope | None = self
        while place is not None and place.kind != "class":
            place = place.parent
        return place

    def full_name(self, name: str) -> str:
        """Return the dotted name of what is defined here."""
        return ".".join(part for part in (self.module, self.name, name) if part)


def _rebound_inside(function: ast.AST) -> set[str]:
    """Return the names that functions inside a function declare as `nonlocal`."""
    nodes = (node for node in ast.walk(function) if isinstance(node, ast.Nonlocal))
    return {name for node in nodes for name in node.names}


def first_parameter(node: ast.AST) -> str:
    """Return the name of the first parameter of a function, which is `self` in a method."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    parameters = [*node.args.posonlyargs, *node.args.args]
    return parameters[0].arg if parameters else ""


def is_property(node: ast.AST) -> bool:
    """Tell whether something in a class is a function that its instances have as an attribute."""
    if not isinstance(node, ast.FunctionDef) or len(node.decorator_list) != 1:
        return False
    return last_name(node.decorator_list[0]) in {"property", "cached_property"}


def home_of(name: str, scope: Scope) -> Scope:
    """Return the scope that a name is bound in; the module, if it is bound in none around."""
    place = scope
    while place.parent is not None:
        is_visible = place is scope or place.kind != "class"
        if is_visible and name in place.bindings:
            return place
        place = place.parent
    return place


def last_name(node: ast.expr) -> str:
    """Return the name, or the last part of the dotted name, that an expression is; else none."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _attributes_set(method: ast.AST, owner: str) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the attributes of `owner` that a method sets, with the value of a plain one."""
    plain: dict[ast.expr, ast.expr | None] = {}
    for node in ast.walk(method):  # parents come before their parts
        if isinstance(node, ast.Assign):
            plain.update(dict.fromkeys(node.targets, node.value))
        elif isinstance(node, ast.AnnAssign):
            plain[node.target] = node.value
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            name = node.value.id if isinstance(node.value, ast.Name) else ""
            yield from [(node.attr, plain.get(node))] if name == owner else ()


def bindings_of(scope: Scope) -> Iterator[tuple[str, Binding]]:
    """Yield every name that is bound in a scope, with what binds it."""
    node = scope.node
    if isinstance(node, Function):
        yield from _parameters(node.args, scope.full_name(""))
        if not isinstance(node, ast.Lambda):
            yield from _in_body(node.body, scope)
        elif scope.has_walrus:
            yield from _in_expression(node.body)
    elif isinstance(node, Comprehension):
        for generator in node.generators:
            yield from _targets(generator.target, generator.iter, "each")
    elif isinstance(node, ast.Module | ast.ClassDef):
        yield from _in_body(node.body, scope)


def _parameters(arguments: ast.arguments, function: str) -> Iterator[tuple[str, Binding]]:
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield each.arg, Binding("parameter", annotation=each.annotation, dotted=function)
    for several in (arguments.vararg, arguments.kwarg):
        if several is not None:
            yield several.arg, Binding("unknown")


def _in_body(body: list[ast.stmt], scope: Scope) -> Iterator[tuple[str, Binding]]:
    for statement in body:
        yield from _in_statement(statement, scope)


def _in_statement(node: ast.AST, scope: Scope) -> Iterator[tuple[str, Binding]]:
    kind = type(node)
    if kind in _DEFINITIONS:
        assert isinstance(node, _DEFINITIONS)
        yield node.name, Binding("definition", dotted=scope.full_name(node.name))
    elif isinstance(node, _IMPORTS):
        yield from import_bindings(node, scope.package)
    elif sys.version_info >= (3, 12) and isinstance(node, ast.TypeAlias):
        yield node.name.id, Binding("value", None if node.type_params else node.value)
    elif kind in _ASSIGNING:
        yield from _assigned(node)
    if kind in _BLOCKS or (scope.has_walrus and kind not in _DEFINITIONS):
        yield from _inside(node, scope)


def _assigned(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _targets(target, node.value, "value")
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, Binding("value", node.value, node.annotation)
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield from _targets(node.target, node.iter, "each")
    elif isinstance(node, ast.AugAssign):
        yield from _targets(node.target, None, "unknown")
    elif isinstance(node, ast.Global | ast.Nonlocal):
        for name in node.names:
            yield name, Binding("unknown")


def _inside(node: ast.AST, scope: Scope) -> Iterator[tuple[str, Binding]]:
    """Yield what the parts of a statement bind: its blocks, and the odd forms."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield from _in_statement(child, scope)
        elif isinstance(child, ast.expr):
            if scope.has_walrus:
                yield from _in_expression(child)
        elif isinstance(child, ast.withitem):
            if child.optional_vars is not None:
                yield from _targets(child.optional_vars, None, "unknown")
            if scope.has_walrus:
                yield from _in_expression(child.context_expr)
        elif isinstance(child, ast.ExceptHandler | ast.match_case | ast.pattern):
            name = getattr(child, "name", None) or getattr(child, "rest", None)
            if isinstance(name, str):
                yield name, Binding("unknown")
            yield from _inside(child, scope)


def _in_expression(node: ast.expr) -> Iterator[tuple[str, Binding]]:
    for each in ast.walk(node):
        if isinstance(each, ast.NamedExpr):
            yield each.target.id, Binding("value", each.value)


def _targets(target: ast.expr, value: ast.expr | None, kind: str) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(kind if value is not None else "unknown", value)
    elif isinstance(target, ast.Tuple | ast.List):
        values: list[ast.expr | None] = [value] * len(target.elts)
        inner = "item" if kind in {"item", "value"} and isinstance(value, _FOLLOWED) else "unknown"
        if (
            kind == "value"
            and isinstance(value, ast.Tuple | ast.List)
            and len(value.elts) == len(target.elts)
            and not any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
        ):
            values, inner = list(value.elts), "value"
        if kind == "each":
            for number, each in enumerate(target.elts):
                yield from _parts(each, value, str(number))
            return
        for each, its_value in zip(target.elts, values, strict=True):
            yield from _targets(each, its_value, inner)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, None, "unknown")


def _parts(target: ast.expr, value: ast.expr | None, part: str) -> Iterator[tuple[str, Binding]]:
    """Yield what a part of each item of a value is bound to."""
    if isinstance(target, ast.Name):
        yield target.id, Binding("each", value, part=part)
    else:
        yield from _targets(target, None, "unknown")


def import_bindings(
    node: ast.Import | ast.ImportFrom, package: str
) -> Iterator[tuple[str, Binding]]:
    """Yield the names that an import binds; a star under the name `*`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            dotted = alias.name if alias.asname else name
            yield name, Binding("import", dotted=dotted)
        return
    base = node.module or ""
    if node.level:
        parts = package.split(".") if package else []
        parts = parts[: len(parts) - (node.level - 1)]
        base = ".".join([*parts, base] if base else parts)
    for alias in node.names:
        if alias.name == "*":
            yield "*", Binding("import", dotted=base)
        else:
            yield alias.asname or alias.name, Binding("import", dotted=f"{base}.{alias.name}")

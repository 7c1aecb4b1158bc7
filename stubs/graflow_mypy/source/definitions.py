"""The definitions in a file: its names, classes and functions, as terms."""

from __future__ import annotations

import ast
from typing import Literal

from graflow_mypy.source.expressions import binding_term, term_of
from graflow_mypy.source.notes import ClassNote, FieldNote, FunctionKind, FunctionNote
from graflow_mypy.source.scopes import Scope
from graflow_mypy.source.terms import ANY, Call, Name, Term, Text, either

__all__ = ["class_note", "function_note", "names_of", "stars_of"]


def names_of(tree: ast.Module, scope: Scope) -> dict[str, Term]:
    """Return what each name of a module stands for; what classes have is under `Class.name`."""
    names = _names_in(scope)
    _add_members(tree.body, scope, names)
    return names


def stars_of(scope: Scope) -> list[str]:
    """Return the modules of which a module imports everything, in its order."""
    return [each.dotted for each in scope.bindings.get("*", ())]


def _names_in(scope: Scope) -> dict[str, Term]:
    found = {}
    prefix = f"{scope.name}." if scope.name else ""
    for name, bindings in scope.bindings.items():
        if name == "*":
            continue
        term = either([binding_term(each, scope) for each in bindings])
        if term != Name(scope.full_name(name)):
            found[prefix + name] = term
    return found


def _add_members(body: list[ast.stmt], scope: Scope, names: dict[str, Term]) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            inner = scope.inner("class", node.name, node)
            for name, term in _names_in(inner).items():
                is_auto = isinstance(term, Call) and term.function == Name("enum.auto")
                names[name] = Text(name.rpartition(".")[2].lower()) if is_auto else term
            _add_members(node.body, inner, names)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            _add_members(node.body, scope, names)


def class_note(node: ast.ClassDef, scope: Scope, *, is_twice: bool) -> ClassNote:
    """Return what is known of a class; whether it `is_twice` in its file, the caller knows."""
    inner = scope.inner("class", node.name, node)
    fields = {}
    others = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotation = term_of(statement.annotation, inner, is_type=True)
            fields[statement.target.id] = FieldNote(annotation, _default(statement.value))
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            others.append(statement.name)
        elif isinstance(statement, ast.Assign):
            others += [each.id for each in statement.targets if isinstance(each, ast.Name)]
    return ClassNote(
        bases=tuple(term_of(base, scope, is_type=True) for base in node.bases),
        is_total=not any(_is_false(each, "total") for each in node.keywords),
        keywords=tuple(each.arg for each in node.keywords if each.arg != "total"),
        decorators=tuple(term_of(each, scope) for each in node.decorator_list),
        fields=fields,
        others=tuple(others),
        is_generic=bool(getattr(node, "type_params", None)),
        is_twice=is_twice,
    )


def _default(value: ast.expr | None) -> Literal["", "value", "call"]:
    if value is None:
        return ""
    return "call" if isinstance(value, ast.Call) else "value"


def _is_false(keyword: ast.keyword, name: str) -> bool:
    return (
        keyword.arg == name
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
    )


def function_note(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, decorators: list[Term]
) -> FunctionNote:
    """Return what is known of a function: what it returns, its kind, its decorators."""
    returns = term_of(node.returns, scope, is_type=True) if node.returns else ANY
    kind: FunctionKind = "async" if isinstance(node, ast.AsyncFunctionDef) else ""
    kind = "generic" if getattr(node, "type_params", None) else kind
    return FunctionNote(returns, kind, tuple(decorators), scope.is_in_function, node.lineno)

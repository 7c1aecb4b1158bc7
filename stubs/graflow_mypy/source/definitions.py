"""The definitions in a file: its names, classes and functions, as terms."""

from __future__ import annotations

import ast
from typing import Any

from graflow_mypy.source.expressions import binding_term, term_of
from graflow_mypy.source.scopes import Scope
from graflow_mypy.source.terms import ANY, Term, either

__all__ = ["class_record", "function_record", "names_of"]


def names_of(tree: ast.Module, scope: Scope) -> dict[str, Term]:
    """Return what each name of a module stands for; what classes have is under `Class.name`."""
    names = _names_in(scope)
    _add_members(tree.body, scope, names)
    return names


def _names_in(scope: Scope) -> dict[str, Term]:
    found = {}
    prefix = f"{scope.name}." if scope.name else ""
    for name, bindings in scope.bindings.items():
        if name == "*":
            found["*"] = ["o", *(["r", each.dotted] for each in bindings)]
            continue
        term = either([binding_term(each, scope) for each in bindings])
        if term != ["r", scope.full_name(name)]:
            found[prefix + name] = term
    return found


def _add_members(body: list[ast.stmt], scope: Scope, names: dict[str, Term]) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            inner = scope.inner("class", node.name, node)
            for name, term in _names_in(inner).items():
                is_auto = term[0] == "f" and term[1] == ["r", "enum.auto"]
                names[name] = ["s", name.rpartition(".")[2].lower()] if is_auto else term
            _add_members(node.body, inner, names)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            _add_members(node.body, scope, names)


def class_record(node: ast.ClassDef, scope: Scope) -> dict[str, Any]:
    """Return what is known of a class: bases, decorators, and its fields in their order.

    A field is its annotation, and its default: "" for none, "value", or "call" as for `Field()`.
    """
    inner = scope.inner("class", node.name, node)
    fields = {}
    others = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotation = term_of(statement.annotation, inner, is_type=True)
            fields[statement.target.id] = [annotation, _default(statement.value)]
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            others.append(statement.name)
        elif isinstance(statement, ast.Assign):
            others += [each.id for each in statement.targets if isinstance(each, ast.Name)]
    return {
        "bases": [term_of(base, scope, is_type=True) for base in node.bases],
        "total": not any(_is_false(each, "total") for each in node.keywords),
        "keywords": [each.arg for each in node.keywords if each.arg != "total"],
        "decorators": [term_of(each, scope) for each in node.decorator_list],
        "fields": fields,
        "others": others,
        "generic": bool(getattr(node, "type_params", None)),
    }


def _default(value: ast.expr | None) -> str:
    if value is None:
        return ""
    return "call" if isinstance(value, ast.Call) else "value"


def _is_false(keyword: ast.keyword, name: str) -> bool:
    return (
        keyword.arg == name
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
    )


def function_record(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, decorators: list[Term]
) -> list[Any]:
    """Return what is known of a function: what it returns, its kind, its decorators.

    The kind is `async`, or `generic` where what it returns may depend on its arguments.
    """
    returns = term_of(node.returns, scope, is_type=True) if node.returns else ANY
    kind = "async" if isinstance(node, ast.AsyncFunctionDef) else ""
    kind = "generic" if getattr(node, "type_params", None) else kind
    return [returns, kind, decorators, scope.is_in_function]

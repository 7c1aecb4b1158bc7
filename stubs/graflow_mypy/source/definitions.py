"""The definitions in a file: its names, classes and functions, as terms."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from graflow_mypy.source.expressions import binding_term, term_of
from graflow_mypy.source.notes import (
    ClassNote,
    FieldDefault,
    FieldNote,
    FunctionKind,
    FunctionNote,
    ParameterNote,
)
from graflow_mypy.source.scopes import Scope, is_property, last_name
from graflow_mypy.source.terms import ANY, Call, Name, Term, Text, either

__all__ = ["class_note", "classes_made", "function_note", "names_of", "stars_of"]

_OPTIONS = {"alias", "init", "strict", "validation_alias"}
_CONVERTERS = {"field_serializer", "model_serializer", "root_validator"}


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
                is_auto = isinstance(term, Call) and getattr(term.function, "last", "") == "auto"
                names[name] = Text(name.rpartition(".")[2].lower()) if is_auto else term
            _add_members(node.body, inner, names)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            _add_members(node.body, scope, names)


def class_note(node: ast.ClassDef, scope: Scope, *, is_twice: bool) -> ClassNote:
    """Return what is known of a class; whether it `is_twice` in its file, the caller knows."""
    inner = scope.inner("class", node.name, node)
    fields = {}
    others = []
    converts = False
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotation = term_of(statement.annotation, inner, is_type=True)
            default, options = _default(statement.value), _options(statement, inner)
            fields[statement.target.id] = FieldNote(annotation, default, options)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            others.append(statement.name)
            converts = converts or any(map(_may_convert, statement.decorator_list))
        elif isinstance(statement, ast.Assign):
            others += [each.id for each in statement.targets if isinstance(each, ast.Name)]
    return ClassNote(
        bases=tuple(term_of(base, scope, is_type=True) for base in node.bases),
        is_total=not any(_is(each, "total", False) for each in node.keywords),
        keywords=_keywords(node, scope),
        decorators=tuple(term_of(each, scope) for each in node.decorator_list),
        fields=fields,
        others=tuple(others),
        is_generic=bool(getattr(node, "type_params", None)),
        is_twice=is_twice,
        converts=converts,
        line=node.lineno,
    )


def _options(field: ast.AnnAssign, scope: Scope) -> tuple[tuple[str, Term], ...]:
    """Return how a field is stored, as `Field()` says it: as its default, or in `Annotated`."""
    parts = [part for part in (field.annotation, field.value) if part is not None]
    calls = (each for part in parts for each in ast.walk(part) if isinstance(each, ast.Call))
    words = (word for call in calls for word in call.keywords if _is_field(call.func))
    return tuple(
        (word.arg or "**", term_of(word.value, scope))
        for word in words
        if word.arg is None or word.arg in _OPTIONS
    )


def _is_field(function: ast.expr) -> bool:
    return last_name(function) in {"Field", "field"}


def _may_convert(decorator: ast.expr) -> bool:
    """Tell whether a decorator makes a validator that sees a value before its type is checked."""
    if not isinstance(decorator, ast.Call):
        return last_name(decorator) in _CONVERTERS
    words = {word.arg: word.value for word in decorator.keywords}
    mode = words.get("mode")
    is_after = mode is None or (isinstance(mode, ast.Constant) and mode.value == "after")
    return not is_after or "pre" in words or last_name(decorator.func) in _CONVERTERS


def classes_made(tree: ast.Module, scope: Scope) -> Iterator[tuple[str, ClassNote]]:
    """Yield the classes of `User = TypedDict("User", {"age": int})` and the like."""
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Call(function, [_, ast.Dict()]) as call):
                base = term_of(function, scope)
                is_once = len(scope.bindings[name]) == 1
                fields = _fields_of(call.args[1], scope) if is_once else None
                if isinstance(base, Name) and base.last == "TypedDict" and fields is not None:
                    yield name, _made(base, call, fields, scope)


def _keywords(node: ast.ClassDef | ast.Call, scope: Scope) -> tuple[tuple[str, Term], ...]:
    words = [each for each in node.keywords if each.arg != "total"]
    return tuple((each.arg or "**", term_of(each.value, scope)) for each in words)


def _made(base: Name, call: ast.Call, fields: dict[str, FieldNote], scope: Scope) -> ClassNote:
    return ClassNote(
        bases=(base,),
        is_total=not any(_is(each, "total", False) for each in call.keywords),
        keywords=_keywords(call, scope),
        decorators=(),
        fields=fields,
        others=(),
        is_generic=False,
        is_twice=False,
        converts=False,
        line=call.lineno,
    )


def _fields_of(node: ast.expr, scope: Scope) -> dict[str, FieldNote] | None:
    """Return the fields that a dict display has by name, if all its keys are texts."""
    fields = {}
    for key, value in zip(getattr(node, "keys", ()), getattr(node, "values", ()), strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return None
        fields[key.value] = FieldNote(term_of(value, scope, is_type=True), "", ())
    return fields


def _default(value: ast.expr | None) -> FieldDefault:
    if value is None:
        return ""
    if not isinstance(value, ast.Call):
        return "value"
    is_excluded = any(_is(each, "exclude", True) for each in value.keywords)
    return "excluded" if is_excluded and last_name(value.func) == "Field" else "call"


def _is(keyword: ast.keyword, name: str, value: bool) -> bool:
    is_constant = keyword.arg == name and isinstance(keyword.value, ast.Constant)
    return is_constant and getattr(keyword.value, "value", None) is value


def function_note(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    scope: Scope,
    decorators: list[Term],
    *,
    is_twice: bool = False,
) -> FunctionNote:
    """Return what is known of a function.

    Args:
        node: The function.
        scope: Where it is defined.
        decorators: Those that make a task of it.
        is_twice: Whether another function of the file has the same name.
    """
    returns = term_of(node.returns, scope, is_type=True) if node.returns else ANY
    kind: FunctionKind = "async" if isinstance(node, ast.AsyncFunctionDef) else ""
    if is_property(node):
        kind = "property"
    if node.returns is not None and not _names(node.returns).isdisjoint(_type_parameters(node)):
        kind = "generic"
    is_bare = len(decorators) == len(node.decorator_list) == 1 and not is_twice
    parameters = list(_parameters(node.args, scope)) if is_bare else []
    is_nested, line = scope.is_in_function, node.lineno
    return FunctionNote(parameters, returns, kind, tuple(decorators), is_nested, line)


def _parameters(arguments: ast.arguments, scope: Scope) -> Iterator[ParameterNote]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    for number, each in enumerate(positional):
        yield _parameter(each, scope, is_positional=True, has_default=number >= required)
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(each, scope, is_positional=False, has_default=default is not None)


def _parameter(
    node: ast.arg, scope: Scope, *, is_positional: bool, has_default: bool
) -> ParameterNote:
    annotation = term_of(node.annotation, scope, is_type=True)
    return ParameterNote(node.arg, annotation, is_positional, has_default)


def _type_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {each.name for each in getattr(node, "type_params", ())}


def _names(annotation: ast.expr) -> set[str]:
    """Return the names in an annotation; those in its texts too."""
    found: set[str] = set()
    for each in ast.walk(annotation):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.update(re.findall(r"\w+", each.value))
    return found

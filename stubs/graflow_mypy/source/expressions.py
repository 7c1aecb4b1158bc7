"""Expressions turned into terms: local names are followed, names of modules are kept."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from graflow_mypy.source.loops import gone_through, grows, is_number
from graflow_mypy.source.scopes import (
    Binding,
    Scope,
    first_parameter,
    home_of,
    is_property,
    last_name,
)
from graflow_mypy.source.templates import braces_format, percent_format
from graflow_mypy.source.terms import (
    ANY,
    Attribute,
    BitOr,
    Call,
    Constant,
    Declared,
    DictDisplay,
    Display,
    Face,
    Item,
    Joined,
    Lax,
    Name,
    Parameter,
    RunChannel,
    Subscript,
    Term,
    Text,
    either,
)

__all__ = ["CHANNEL_GETTERS", "FACES", "binding_term", "term_of"]

CHANNEL_GETTERS = {
    "get_channel": "plain",
    "get_typed_channel": "typed",
    "get_keyed_channel": "keyed",
}
"""The methods of a context that give the channel of the run, and the kind of channel."""

FACES = {"typed", "keyed"}
"""The methods of a transaction that put a schema in front of it."""

_VIEWS = {"keyed": "keyed", "of": "declared", "typed": "typed"}
"""What is put in front of a channel by a method of it, and the kind of channel that this makes."""

_DEEPEST = 12
_TYPES_IN = {"Annotated": 1, "Literal": 0}  # how many of the arguments are types, if not all
_STR = Name("builtins.str")
_STRICT = ast.Constant(value=True)
_BUILTINS = frozenset(dir(builtins))
_DISPLAYS: dict[type, str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
    ast.Lambda: "function",
}


def term_of(node: ast.expr | None, scope: Scope, *, is_type: bool = False, depth: int = 0) -> Term:
    """Return the term of an expression.

    Args:
        node: The expression.
        scope: Where it stands.
        is_type: Whether it is an annotation, in which text names a type.
        depth: How many expressions were followed to come here.
    """
    if node is None or depth > _DEEPEST:
        return ANY
    return _TermReader(scope, is_type, depth).read(node)


class _TermReader:
    """Makes terms of the expressions of one scope."""

    def __init__(self, scope: Scope, is_type: bool, depth: int) -> None:
        self._scope = scope
        self._is_type = is_type
        self._depth = depth

    def read(self, node: ast.expr | None) -> Term:
        method = _READERS.get(node.__class__)
        if method is not None:
            return method(self, node)
        display = _DISPLAYS.get(node.__class__)
        return Constant(display, display) if display else ANY

    def read_constant(self, node: ast.Constant) -> Term:
        if not isinstance(node.value, str):
            return Constant(repr(node.value), type(node.value).__name__)
        if not self._is_type:
            return Text(node.value)
        try:
            inner = ast.parse(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ANY
        return term_of(inner, self._scope, is_type=True, depth=self._depth + 1)

    def read_name(self, node: ast.Name) -> Term:
        return _look_up(node.id, self._scope, self._depth)

    def read_attribute(self, node: ast.Attribute) -> Term:
        if isinstance(node.value, ast.Name) and (owner := _own_class(node.value, self._scope)):
            if node.attr.isupper():
                return Attribute(Declared(Name(owner.full_name("")), ANY), node.attr)
            if found := _of_instance(node, owner):
                return found
            if _is_of_class(node.attr, owner):
                return Attribute(Declared(Name(owner.full_name("")), ANY), node.attr)
        base = self.read(node.value)
        if isinstance(base, Name):
            return Name(f"{base.dotted}.{node.attr}")
        return Attribute(base, node.attr)

    def read_joined(self, node: ast.JoinedStr) -> Term:
        return Joined(tuple(map(self._piece, node.values)))

    def _piece(self, node: ast.expr) -> Term:
        if isinstance(node, ast.FormattedValue):
            is_plain = node.format_spec is None and node.conversion in {-1, ord("s")}
            return self.read(node.value) if is_plain else ANY
        return self.read(node)

    def read_operation(self, node: ast.BinOp) -> Term:
        if isinstance(node.op, ast.BitOr):
            return BitOr(self.read(node.left), self.read(node.right))
        if isinstance(node.op, ast.Add):
            return Joined((self.read(node.left), self.read(node.right)))
        if isinstance(node.op, ast.Mod):
            return percent_format(self.read(node.left))
        return ANY

    def read_choice(self, node: ast.IfExp) -> Term:
        return either([self.read(node.body), self.read(node.orelse)])

    def read_choices(self, node: ast.BoolOp) -> Term:
        return either([self.read(value) for value in node.values])

    def read_named(self, node: ast.NamedExpr) -> Term:
        return self.read(node.value)

    def read_subscript(self, node: ast.Subscript) -> Term:
        base = self.read(node.value)
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        last = base.last if isinstance(base, Name) else ""
        are_types = len(arguments) if self._is_type else 0  # the others are values
        if last in _TYPES_IN:
            are_types = min(are_types, _TYPES_IN[last])
        values = _TermReader(self._scope, False, self._depth)
        terms = [
            (self if number < are_types else values).read(each)
            for number, each in enumerate(arguments)
        ]
        return Subscript(base, tuple(terms))

    def read_list(self, node: ast.List) -> Term:
        return Display("list", tuple(map(self.read, node.elts)))

    def read_tuple(self, node: ast.Tuple) -> Term:
        return Display("tuple", tuple(map(self.read, node.elts)))

    def read_set(self, node: ast.Set) -> Term:
        return Display("set", tuple(map(self.read, node.elts)))

    def read_dict(self, node: ast.Dict) -> Term:
        pairs = zip(node.keys, node.values, strict=True)
        return DictDisplay(tuple((self.read(key), self.read(value)) for key, value in pairs))

    def read_dict_comprehension(self, node: ast.DictComp) -> Term:
        """Read a comprehension as a display of one pair, whose key may be any that it makes."""
        inner = self._scope.inner("function", "", node)
        return DictDisplay(((term_of(node.key, inner, depth=self._depth + 1), ANY),))

    def read_call(self, node: ast.Call) -> Term:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in CHANNEL_GETTERS:
            kind = CHANNEL_GETTERS[function.attr]
            if kind == "plain" and (node.args or node.keywords):
                kind = "declared"
            return RunChannel(kind, self._schema(node), self.read(function.value))
        if isinstance(function, ast.Attribute) and function.attr in _VIEWS:
            return self._face(node, function)
        if isinstance(function, ast.Attribute) and function.attr == "format":
            return braces_format(self.read(function.value))
        return self._call(node, self.read(function))

    def _face(self, node: ast.Call, function: ast.Attribute) -> Term:
        """Read `tx.typed(Schema)` and its like; a transaction is never a name of a module."""
        owner = self.read(function.value)
        if owner is ANY or isinstance(owner, Name):
            return self._call(node, self.read(function))
        return Face(owner, _VIEWS[function.attr], self._schema(node))

    def _schema(self, node: ast.Call) -> Term:
        """Return the schema that something is asked for with."""
        schema = node.args[0] if node.args else _keyword(node, "schema")
        form = term_of(schema, self._scope, is_type=True, depth=self._depth)
        strict = _keyword(node, "strict") or _STRICT
        is_strict = isinstance(strict, ast.Constant) and strict.value is True
        return form if is_strict or schema is None else Lax(form)

    def _call(self, node: ast.Call, called: Term) -> Term:
        if called == _STR and len(node.args) == 1:
            return self.read(node.args[0])
        if called is ANY:
            return ANY
        arguments = tuple(map(self.read, node.args))
        named = [(each.arg or "**", self.read(each.value)) for each in node.keywords]
        if any(isinstance(each, ast.Starred) for each in node.args):
            named.append(("*", ANY))
        return Call(called, arguments, tuple(named))


_READERS: dict[type, Callable[[_TermReader, Any], Term]] = {
    ast.Constant: _TermReader.read_constant,
    ast.Name: _TermReader.read_name,
    ast.Attribute: _TermReader.read_attribute,
    ast.JoinedStr: _TermReader.read_joined,
    ast.BinOp: _TermReader.read_operation,
    ast.IfExp: _TermReader.read_choice,
    ast.BoolOp: _TermReader.read_choices,
    ast.NamedExpr: _TermReader.read_named,
    ast.Subscript: _TermReader.read_subscript,
    ast.List: _TermReader.read_list,
    ast.Tuple: _TermReader.read_tuple,
    ast.Set: _TermReader.read_set,
    ast.Dict: _TermReader.read_dict,
    ast.DictComp: _TermReader.read_dict_comprehension,
    ast.Call: _TermReader.read_call,
}


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in node.keywords if each.arg == name), None)


def _look_up(name: str, scope: Scope, depth: int) -> Term:
    """Return what a name stands for, where the source says so."""
    place = home_of(name, scope)
    if place.parent is not None:
        return _bound(name, place, depth)
    if name not in place.bindings and name in _BUILTINS:
        return Name(f"builtins.{name}")
    return Name(place.full_name(name))


def _own_class(node: ast.Name, scope: Scope) -> Scope | None:
    """Return the class that a name is an instance of: it is the `self` or the `cls` of a method."""
    method = home_of(node.id, scope)
    owner = method.parent
    is_method = owner is not None and owner.kind == "class"
    return owner if is_method and first_parameter(method.node) == node.id else None


def _of_instance(node: ast.Attribute, owner: Scope) -> RunChannel | None:
    """Return the channel of a run that the methods of a class give to an attribute of `self`.

    Others may give it another one, but then it is one for the same keys.
    """
    given = owner.attributes.get(node.attr, ())
    terms = [term_of(value, place) for value, place in given if _gets_a_channel(value)]
    channels = [each for each in terms if isinstance(each, RunChannel)]
    kinds = {(each.kind, each.schema) for each in channels}
    is_clear = len(kinds) == 1 and len(channels) == len(given)
    return RunChannel(*kinds.pop(), either([each.owner for each in channels])) if is_clear else None


def _is_of_class(name: str, owner: Scope, depth: int = 0) -> bool:
    """Tell whether a class, or a base of it in the same file, has a property or a `ClassVar`."""
    node = owner.node
    if not isinstance(node, ast.ClassDef) or depth > _DEEPEST:
        return False
    for each in node.body:
        if is_property(each) and getattr(each, "name", "") == name:
            return True
        if isinstance(each, ast.AnnAssign) and getattr(each.target, "id", "") == name:
            return _is_class_var(each.annotation)
    bases = {
        last_name(each.value if isinstance(each, ast.Subscript) else each) for each in node.bases
    }
    top = owner
    while top.parent is not None:
        top = top.parent
    above = (each for each in getattr(top.node, "body", ()) if getattr(each, "name", "") in bases)
    return any(_is_of_class(name, top.inner("class", each.name, each), depth + 1) for each in above)


def _is_class_var(annotation: ast.expr) -> bool:
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return last_name(base) == "ClassVar"


def _gets_a_channel(node: ast.expr | None) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr in CHANNEL_GETTERS


def _bound(name: str, scope: Scope, depth: int) -> Term:
    if name in scope.known:
        return scope.known[name]
    if name in scope.busy or depth > _DEEPEST:
        return ANY
    scope.busy.add(name)
    term = either([binding_term(each, scope, depth) for each in scope.bindings[name]])
    scope.busy.discard(name)
    if depth == 0:  # where it was not cut short, because something was followed already
        scope.known[name] = term
    return term


def binding_term(binding: Binding, scope: Scope, depth: int = 0) -> Term:
    """Return the term of what one binding gives a name."""
    if binding.kind in {"import", "definition"}:
        return Name(binding.dotted)
    value: Term = ANY
    if binding.kind == "value":
        is_alias = binding.annotation is not None and _names_an_alias(binding.annotation)
        value = term_of(binding.value, scope, is_type=is_alias, depth=depth + 1)
    elif binding.kind == "item":
        whole = term_of(binding.value, scope, depth=depth + 1)
        value = ANY if whole is ANY else Subscript(whole, ())
    elif binding.kind == "each":
        value = _item(binding, scope, depth + 1)
    if binding.annotation is None or (binding.value and _says_nothing(binding.annotation)):
        return value
    annotated = scope if scope.kind != "function" or binding.value else scope.parent or scope
    annotation = term_of(binding.annotation, annotated, is_type=True, depth=depth + 1)
    if binding.kind == "parameter" and _may_be_a_transaction(annotation):
        value = Parameter(binding.dotted)
    return Declared(annotation, value)


def _may_be_a_transaction(annotation: Term) -> bool:
    return isinstance(annotation, Name) and not annotation.dotted.startswith("builtins.")


def _item(binding: Binding, scope: Scope, depth: int) -> Term:
    """Return what a loop gives a name; which items a collection has is known later."""
    node, part = gone_through(binding.value, binding.part, lambda called: term_of(called, scope))
    if is_number(part):
        return Constant("", "int")
    if node is None or (isinstance(node, ast.Name) and grows(node.id, scope)):
        return ANY
    term = term_of(node, scope, depth=depth)
    if isinstance(term, Display) and term.items and not part:
        return either(term.items)
    return ANY if term is ANY else Item(term, part)


def _names_an_alias(annotation: ast.expr) -> bool:
    return last_name(annotation) == "TypeAlias"


def _says_nothing(annotation: ast.expr) -> bool:
    return last_name(annotation) in {"Final", "TypeAlias", "ClassVar"}

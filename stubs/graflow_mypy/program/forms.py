"""Types as the index knows them: forms, made of terms.

A form is a tuple, so that two forms are equal where the types are:

- `("any",)`: unknown, or anything
- `("scalar", name)`: `int`, `str`, `None`, `datetime.datetime`, ...
- `("literal", (repr, ...))`
- `("array", name, item)`: `list`, `tuple`, `set`, ...
- `("map", name, key, value)`
- `("union", (form, ...))`
- `("class", module, name)`: a class of the program
- `("unstorable", name, what it is)`
"""

from __future__ import annotations

from typing import Any, Final

from graflow_mypy.program.program import Program
from graflow_mypy.source.terms import Term

__all__ = ["ANY_FORM", "Form", "form_of", "is_certain", "show", "value_form"]

Form = tuple[Any, ...]
"""A form, as the module's text has it."""

ANY_FORM: Form = ("any",)
"""The form of which nothing is known."""

_DEEPEST = 20

_SCALARS: Final = {
    **{f"builtins.{name}": name for name in ("int", "float", "str", "bool", "bytes")},
    "builtins.None": "None",
    "datetime.datetime": "datetime.datetime",
    "datetime.date": "datetime.date",
    "datetime.time": "datetime.time",
    "uuid.UUID": "uuid.UUID",
    "decimal.Decimal": "decimal.Decimal",
}
_ARRAYS: Final = {
    "list": "list",
    "List": "list",
    "tuple": "tuple",
    "Tuple": "tuple",
    "set": "set",
    "Set": "set",
    "frozenset": "frozenset",
    "FrozenSet": "frozenset",
    "Sequence": "Sequence",
    "MutableSequence": "MutableSequence",
    "deque": "deque",
    "Deque": "deque",
}
_MAPS: Final = {
    "dict": "dict",
    "Dict": "dict",
    "Mapping": "Mapping",
    "MutableMapping": "MutableMapping",
}
_UNSTORABLE: Final = {
    **dict.fromkeys(("Callable",), "a callable"),
    **dict.fromkeys(("type", "Type"), "a class"),
    **dict.fromkeys(
        ("Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"),
        "an iterator",
    ),
    **dict.fromkeys(("Awaitable", "Coroutine"), "a coroutine"),
    **dict.fromkeys(("IO", "TextIO", "BinaryIO", "StringIO", "BytesIO"), "a file"),
    **dict.fromkeys(("Lock", "RLock", "Condition", "Semaphore"), "a lock"),
    **dict.fromkeys(("Thread",), "a thread"),
    **dict.fromkeys(("socket",), "a socket"),
}
_HOMES: Final = {
    "builtins",
    "collections",
    "collections.abc",
    "io",
    "socket",
    "threading",
    "typing",
    "typing_extensions",
}
_WRAPPERS: Final = {"Final", "NotRequired", "ReadOnly", "Required"}


def form_of(term: Term, program: Program, depth: int = 0) -> Form:
    """Return the form of the type that a term is."""
    if depth > _DEEPEST:
        return ANY_FORM
    kind = term[0]
    if kind == "r":
        return _named(term[1], program, depth)
    if kind == "i":
        return _subscripted(term, program, depth)
    if kind == "|":
        return _union([form_of(each, program, depth + 1) for each in term[1:]])
    if kind == "k" and term[2] == "NoneType":
        return ("scalar", "None")
    if kind == "f" and program.tail(term[1]) == "NewType" and len(term[2]) > 1:
        return form_of(term[2][1], program, depth + 1)
    return ANY_FORM


def value_form(term: Term, program: Program) -> Form:
    """Return the form of a value that a term is, as far as one can see it."""
    kind = term[0]
    if kind == "k" and term[2] in {"int", "float", "str", "bool", "bytes"}:
        return ("scalar", term[2])
    if kind == "k" and term[2] == "NoneType":
        return ("scalar", "None")
    if kind == "k" and term[2] in {"list", "set", "tuple"}:
        return ("array", term[2], ANY_FORM)
    if kind == "k" and term[2] == "dict":
        return ("map", "dict", ANY_FORM, ANY_FORM)
    if kind == "r":
        found = program.resolve(term[1])
        return value_form(found[1], program) if found[0] == "term" else ANY_FORM
    if kind == "s":
        return ("scalar", "str")
    return ANY_FORM


def _named(dotted: str, program: Program, depth: int) -> Form:
    found = program.resolve(dotted)
    if found[0] == "class":
        return found
    if found[0] == "term":
        return form_of(found[1], program, depth + 1)
    if found[0] == "graflow":
        return ANY_FORM
    name = str(found[1])
    if name in _SCALARS:
        return ("scalar", _SCALARS[name])
    home, _, last = name.rpartition(".")
    if home not in _HOMES:
        return ANY_FORM
    return _bare(last)


def _bare(name: str) -> Form:
    if name in _ARRAYS:
        return ("array", _ARRAYS[name], ANY_FORM)
    if name in _MAPS:
        return ("map", _MAPS[name], ANY_FORM, ANY_FORM)
    if name in _UNSTORABLE:
        return ("unstorable", name, _UNSTORABLE[name])
    return ANY_FORM


def _subscripted(term: Term, program: Program, depth: int) -> Form:
    base, arguments = term[1], term[2]
    found = program.resolve(base[1]) if base[0] == "r" else ("unknown", "")
    if found[0] != "external":
        return ANY_FORM
    home, _, name = str(found[1]).rpartition(".")
    if home not in _HOMES:
        return ANY_FORM
    if name == "Literal":
        return ("literal", tuple(_literal(each) for each in arguments))
    if name == "Annotated" and not all(each[0] in {"s", "k"} for each in arguments[1:]):
        return ANY_FORM
    forms = [form_of(each, program, depth + 1) for each in arguments]
    if name == "Annotated" or name in _WRAPPERS:
        return forms[0]
    if name == "Union":
        return _union(forms)
    if name == "Optional":
        return _union([*forms, ("scalar", "None")])
    return _container(name, arguments, forms)


def _container(name: str, arguments: list[Term], forms: list[Form]) -> Form:
    if name in _MAPS and len(forms) == 2:
        return ("map", _MAPS[name], *forms)
    if name in {"tuple", "Tuple"}:
        is_uniform = len(arguments) == 2 and arguments[1][-1] == "ellipsis"
        return ("array", "tuple", forms[0] if is_uniform else ANY_FORM)
    if name in _ARRAYS and len(forms) == 1:
        return ("array", _ARRAYS[name], forms[0])
    return _bare(name) if name in _UNSTORABLE else ANY_FORM


def _literal(term: Term) -> str:
    return repr(term[1]) if term[0] == "s" else str(term[1])


def _union(forms: list[Form]) -> Form:
    flat: list[Form] = []
    for form in forms:
        for each in form[1] if form[0] == "union" else [form]:
            if each not in flat:
                flat.append(each)
    if len(flat) == 1:
        return flat[0]
    return ANY_FORM if ANY_FORM in flat else ("union", tuple(sorted(flat, key=repr)))


def show(form: Form) -> str:
    """Return what a message calls a form."""
    kind = form[0]
    if kind == "scalar":
        return str(form[1]).rpartition(".")[2]
    if kind == "class":
        return str(form[2]).rpartition(".")[2]
    if kind == "literal":
        return f"Literal[{', '.join(form[1])}]"
    if kind == "array":
        return f"{form[1]}[{show(form[2])}]"
    if kind == "map":
        return f"{form[1]}[{show(form[2])}, {show(form[3])}]"
    if kind == "union":
        is_none = [each == ("scalar", "None") for each in form[1]]
        parts = [show(each) for each, last in zip(form[1], is_none, strict=True) if not last]
        return " | ".join([*parts, *(["None"] if any(is_none) else [])])
    return str(form[1]) if kind == "unstorable" else "Any"


def is_certain(form: Form) -> bool:
    """Tell whether every part of a form is known."""
    if form[0] == "union":
        return all(map(is_certain, form[1]))
    if form[0] in {"array", "map"}:
        return all(map(is_certain, form[2:]))
    return form[0] not in {"any", "unstorable"}

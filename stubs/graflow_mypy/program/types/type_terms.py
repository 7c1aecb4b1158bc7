"""Terms of types: annotations, schemas and values turned into forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import (
    External,
    Given,
    OfGraflow,
    ProgramClass,
    ProgramFunction,
)
from graflow_mypy.program.types.forms import (
    ANY_FORM,
    NONE_FORM,
    ArrayForm,
    Form,
    LiteralForm,
    MapForm,
    ScalarForm,
    TupleForm,
    UnstorableForm,
    union_of,
)
from graflow_mypy.source.terms import (
    ANY,
    BitOr,
    Call,
    Constant,
    DictDisplay,
    Display,
    Name,
    Subscript,
    Term,
    Text,
)

__all__ = ["form_of", "value_form"]

_ELLIPSIS: Final = Constant("Ellipsis", "ellipsis")
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
    **dict.fromkeys(("Logger", "LoggerAdapter"), "a logger"),
}
_HOMES: Final = {
    "builtins",
    "collections",
    "collections.abc",
    "io",
    "logging",
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
    match term:
        case Name(dotted):
            return _named(dotted, program, depth)
        case Subscript(Name(dotted), arguments):
            return _subscripted(dotted, arguments, program, depth)
        case BitOr(left, right):
            return union_of([form_of(each, program, depth + 1) for each in (left, right)])
        case Constant(type="NoneType"):
            return NONE_FORM
        case Call(function, (_, type_, *_)) if program.tail(function) == "NewType":
            return form_of(type_, program, depth + 1)
        case _:
            return ANY_FORM


def value_form(term: Term, program: Program) -> Form:
    """Return the form of a value, as far as its term shows it."""
    match term:
        case Constant(type="int" | "float" | "str" | "bool" | "bytes"):
            return ScalarForm(term.type, is_one=True)
        case Constant(type="NoneType"):
            return NONE_FORM
        case Constant(type="list" | "set" | "tuple"):
            return ArrayForm(term.type, ANY_FORM)
        case Constant(type="dict") | DictDisplay():
            return MapForm("dict", ANY_FORM, ANY_FORM)
        case Display(type=name, items=items):
            forms = [value_form(each, program) for each in items]
            return ArrayForm(name, union_of(forms) if forms else ANY_FORM)
        case Name(dotted):
            found = program.resolve(dotted)
            return value_form(found.term, program) if isinstance(found, Given) else ANY_FORM
        case Text():
            return ScalarForm("str", is_one=True)
        case _:
            return ANY_FORM


def _named(dotted: str, program: Program, depth: int) -> Form:
    match program.resolve(dotted):
        case ProgramClass() as found:
            return found
        case Given(term):
            return form_of(term, program, depth + 1)
        case OfGraflow() | ProgramFunction():
            return ANY_FORM
        case other:
            if other.name in _SCALARS:
                return ScalarForm(_SCALARS[other.name])
            home, _, last = other.name.rpartition(".")
            return _bare(last) if home in _HOMES else ANY_FORM


def _bare(name: str) -> Form:
    if name in _ARRAYS:
        return ArrayForm(_ARRAYS[name], ANY_FORM)
    if name in _MAPS:
        return MapForm(_MAPS[name], ANY_FORM, ANY_FORM)
    if name in _UNSTORABLE:
        return UnstorableForm(name, _UNSTORABLE[name])
    return ANY_FORM


def _subscripted(dotted: str, arguments: Sequence[Term], program: Program, depth: int) -> Form:
    found = program.resolve(dotted)
    home, _, name = found.name.rpartition(".") if isinstance(found, External) else ("", "", "")
    if home not in _HOMES:
        return ANY_FORM
    if name == "Literal":
        return LiteralForm(tuple(map(_literal, arguments)))
    if name == "Annotated" and not all(isinstance(each, Text | Constant) for each in arguments[1:]):
        return ANY_FORM
    forms = [form_of(each, program, depth + 1) for each in arguments]
    if name == "Annotated" or name in _WRAPPERS:
        return forms[0]
    if name == "Union":
        return union_of(forms)
    if name == "Optional":
        return union_of([*forms, NONE_FORM])
    return _container(name, arguments, forms)


def _container(name: str, arguments: Sequence[Term], forms: Sequence[Form]) -> Form:
    if name in _MAPS and len(forms) == 2:
        return MapForm(_MAPS[name], *forms)
    if name in {"tuple", "Tuple"}:
        is_uniform = len(arguments) == 2 and arguments[1] == _ELLIPSIS
        if is_uniform or not all(map(_is_one_place, arguments)):
            return ArrayForm("tuple", forms[0] if is_uniform else ANY_FORM)
        return TupleForm(tuple(forms))
    if name in _ARRAYS and len(forms) == 1:
        return ArrayForm(_ARRAYS[name], forms[0])
    return _bare(name) if name in _UNSTORABLE else ANY_FORM


def _is_one_place(term: Term) -> bool:
    """Tell whether a part of a tuple's type stands for one item: `*` and `Unpack` may for many."""
    is_unpacked = isinstance(term, Subscript) and getattr(term.base, "last", "") == "Unpack"
    return term != ANY and not is_unpacked


def _literal(term: Term) -> str:
    match term:
        case Text(text):
            return repr(text)
        case Constant(text):
            return text
        case Name(dotted):
            return dotted
        case _:
            return repr(term)

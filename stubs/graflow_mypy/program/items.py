"""Items of collections: what a loop goes through, as far as the source says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from graflow_mypy.program.resolved import Given, ProgramClass
from graflow_mypy.source.terms import (
    ANY,
    Call,
    Declared,
    DictDisplay,
    Display,
    Item,
    Name,
    OneOf,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from graflow_mypy.program.program import Program

__all__ = ["items_of"]

_COPIES: Final = {f"builtins.{name}" for name in ("frozenset", "list", "set", "sorted", "tuple")}
_COLLECTIONS: Final = {
    *("Collection", "Iterable", "List", "Sequence", "Set", "frozenset", "list", "set"),
}
_ENUMS: Final = {"Enum", "IntEnum", "StrEnum"}
_UNKNOWN: Final = (ANY,)
_DEEPEST: Final = 10


def items_of(item: Item, program: Program) -> Sequence[Term]:
    """Return all that an item of a collection may be, or that part of it; at least one term."""
    return _items(item.owner, item.part, program, 0) or _UNKNOWN


def _items(owner: Term, part: str, program: Program, depth: int) -> Sequence[Term]:
    if depth > _DEEPEST:
        return _UNKNOWN
    match owner:
        case Display(_, items):
            return [_part(each, part) for each in items]
        case DictDisplay(pairs) if part in {"", "values"}:
            return [value if part else key for key, value in pairs]
        case Declared(Subscript(base, (inner, *_)), value) if value == ANY and not part:
            is_one = program.tail(base) in _COLLECTIONS
            return [Declared(inner, ANY)] if is_one else _UNKNOWN
        case Declared(_, value):
            return _items(value, part, program, depth + 1)
        case OneOf(choices):
            found = (_items(each, part, program, depth + 1) or _UNKNOWN for each in choices)
            return [each for items in found for each in items]
        case Call(Name(dotted), (copied, *_)) if dotted in _COPIES:
            return _items(copied, part, program, depth + 1)
        case Name(dotted):
            return _named(dotted, part, program, depth)
        case _:
            return _UNKNOWN


def _named(dotted: str, part: str, program: Program, depth: int) -> Sequence[Term]:
    match program.resolve(dotted):
        case Given(term) if not program.is_filled(dotted):
            return _items(term, part, program, depth + 1)
        case ProgramClass() as found if not part:
            return _members(found, program)
        case _:
            return _UNKNOWN


def _members(found: ProgramClass, program: Program) -> Sequence[Term]:
    """Return the members of a class, if it is an enum."""
    if not any(program.tail(base) in _ENUMS for base in program.class_note(found).bases):
        return _UNKNOWN
    start = f"{found.name}."
    names = [
        name.removeprefix(start)
        for name in program.notes(found.module).names
        if name.startswith(start)
    ]
    return [
        Name(f"{found.module}.{found.name}.{name}")
        for name in names
        if "." not in name and not name.startswith("_")
    ]


def _part(item: Term, part: str) -> Term:
    if not part:
        return item
    is_there = isinstance(item, Display) and part.isdigit() and int(part) < len(item.items)
    return item.items[int(part)] if isinstance(item, Display) and is_there else ANY

"""Texts of types as the source writes them, for messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graflow_mypy.source.terms import BitOr, Constant, Display, Name, Subscript, Term, Text

__all__ = ["type_text"]

_MARKS: Final = {"Annotated", "ClassVar", "Final", "NotRequired", "ReadOnly", "Required"}
_CONSTANTS: Final = {"Ellipsis": "..."}


def type_text(term: Term) -> str:
    """Return a type as the source writes it, without what only marks it; empty where it can't be.

    A name stands without the module that it comes from.
    """
    match term:
        case Name():
            return term.last
        case Constant(text):
            return _CONSTANTS.get(text, text)
        case Text(text):
            return repr(text)
        case BitOr(left, right):
            return _joined(" | ", map(type_text, (left, right)))
        case Display("list", items):
            return f"[{inner}]" if (inner := _joined(", ", map(type_text, items))) else ""
        case Subscript(Name() as base, arguments):
            if base.last in _MARKS:
                return type_text(arguments[0])
            texts = map(_value_text if base.last == "Literal" else type_text, arguments)
            inner = _joined(", ", texts)
            return f"{base.last}[{inner}]" if inner else ""
        case _:
            return ""


def _value_text(term: Term) -> str:
    """Return a value in a `Literal`; a member of an enum stands with its enum."""
    return ".".join(term.dotted.split(".")[-2:]) if isinstance(term, Name) else type_text(term)


def _joined(separator: str, texts: Iterable[str]) -> str:
    known = list(texts)
    return separator.join(known) if all(known) else ""

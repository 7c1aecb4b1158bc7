"""Compatibility of scalars and of literals: which of them may be read as which."""

from __future__ import annotations

import re
from typing import Final

from graflow_mypy.program.types.forms import Form, LiteralForm, ScalarForm

__all__ = ["literal_fits", "literals_of", "scalar_fits"]

_NUMBERS: Final = {"int", "float", "bool"}
_NUMBERS_OF: Final = {("int", "float"), ("bool", "float")}
_AS_NUMBERS: Final = {"False": "0", "True": "1"}
_KINDS: Final = {
    "None": re.compile("None"),
    "bool": re.compile("True|False"),
    "int": re.compile(r"\d+"),
    "str": re.compile("['\"].*", re.DOTALL),
}


def literals_of(form: Form) -> tuple[LiteralForm, ...]:
    """Return a literal for each value of a type that has a few values only, else nothing."""
    match form:
        case LiteralForm(values):
            return tuple(LiteralForm((value,)) for value in values)
        case ScalarForm("bool", is_one=False):
            return LiteralForm(("False",)), LiteralForm(("True",))
        case ScalarForm("None"):
            return (LiteralForm(("None",)),)
        case _:
            return ()


def literal_fits(written: LiteralForm, read: Form) -> bool:
    """Tell whether a single value may be read as a type without fields, or is not known."""
    [value] = written.values
    kind = _kind_of(value)
    match read:
        case LiteralForm(others):
            return any(_may_be_same(value, other) for other in others)
        case ScalarForm(name):
            return kind is None or _compare(kind, name)
        case _:
            return kind is None


def scalar_fits(written: ScalarForm, read: ScalarForm | LiteralForm) -> bool:
    """Tell whether any value of a scalar may be read as a type, or that is not certain.

    A type of many values never fits a literal. One value that is not known may be the literal.
    """
    if isinstance(read, ScalarForm):
        return _compare(written.name, read.name)
    kinds = {_kind_of(value) for value in read.values}
    mine = _NUMBERS if written.name in _NUMBERS else {written.name}
    return written.is_one and (None in kinds or not mine.isdisjoint(kinds))


def _compare(written: str, read: str) -> bool:
    if written == read or (written, read) in _NUMBERS_OF:
        return True
    if "None" in {written, read}:
        return False
    are_texts = written not in _NUMBERS and read not in _NUMBERS
    return are_texts or "decimal.Decimal" in {written, read}


def _kind_of(value: str) -> str | None:
    """Return the type of a value by its `repr`; of one that has a name it is not known."""
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(value)), None)


def _may_be_same(value: str, other: str) -> bool:
    if value == other:
        return True
    kinds = _kind_of(value), _kind_of(other)
    if kinds == (None, None):  # members of one enum differ
        return value.rpartition(".")[0] != other.rpartition(".")[0]
    return None in kinds or _AS_NUMBERS.get(value, value) == _AS_NUMBERS.get(other, other)

"""Compatibility of types: what is written with one and read with another, or stored at all.

The answers are those of the library as it runs: fields that the reader's type does not have are
refused, a `TypedDict` is its fields, dates are text. In doubt, a value fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graflow_mypy.program.classes import Field, Layout, Layouts
from graflow_mypy.program.forms import (
    AnyForm,
    ArrayForm,
    Form,
    LiteralForm,
    MapForm,
    ScalarForm,
    UnionForm,
    UnstorableForm,
    parts_of,
    show,
)
from graflow_mypy.program.resolved import ProgramClass

__all__ = ["Fitting"]

_NUMBERS: Final = {"int", "float", "bool"}
_NUMBERS_OF: Final = {("int", "float"), ("bool", "float")}


class Fitting:
    """Answers about the types of one program."""

    def __init__(self, layouts: Layouts) -> None:
        """Answers are kept for the next time."""
        self._layouts = layouts
        self._known: dict[tuple[Form, Form], bool] = {}

    def fits(self, written: Form, read: Form) -> bool:
        """Tell whether any value of `written` may be read as `read`, or that is not certain."""
        if written == read or isinstance(written, AnyForm) or isinstance(read, AnyForm):
            return True
        pair = (written, read)
        if pair not in self._known:
            self._known[pair] = True  # while it is looked at: a type that holds itself
            self._known[pair] = self._compare(written, read)
        return self._known[pair]

    def _compare(self, written: Form, read: Form) -> bool:
        match written, read:
            case (UnstorableForm(), _) | (_, UnstorableForm()):
                return True
            case UnionForm(parts), _:
                return all(self.fits(each, read) for each in parts)
            case _, UnionForm(parts):
                return any(self.fits(written, each) for each in parts)
            case _:
                return self._compare_single(written, read)

    def _compare_single(self, written: Form, read: Form) -> bool:
        match written, read:
            case LiteralForm(), LiteralForm():
                return set(written.values) <= set(read.values)
            case LiteralForm(), _:
                return _literal_fits(written, read)
            case _, LiteralForm():
                return _fits_literal(written, read)
            case ProgramClass(), ProgramClass():
                return self._compare_classes(written, read)
            case (ProgramClass() as its_class, other) | (other, ProgramClass() as its_class):
                return not self._layouts.of(its_class).has_fields or isinstance(other, MapForm)
            case ScalarForm(), ScalarForm():
                return _compare_scalars(written.name, read.name)
            case ArrayForm(), ArrayForm():
                return self.fits(written.item, read.item)
            case MapForm(), MapForm():
                return self.fits(written.value, read.value)
            case _:
                return False

    def _compare_classes(self, written: ProgramClass, read: ProgramClass) -> bool:
        mine, other = self._layouts.of(written), self._layouts.of(read)
        if not (mine.has_fields and other.has_fields):
            return "unknown" in {mine.kind, other.kind} or mine.kind == other.kind
        return self._compare_fields(mine, other)

    def _compare_fields(self, written: Layout, read: Layout) -> bool:
        for name, field in read.fields.items():
            mine = written.fields.get(name)
            if (mine is None or not mine.is_present) and field.is_required:
                return False
            if mine is not None and not self.fits(mine.form, field.form):
                return False
        return written.fields.keys() <= read.fields.keys()

    def fields(self, form: ProgramClass) -> Mapping[str, Field]:
        """Return the fields of a class by their names."""
        return self._layouts.of(form).fields

    def is_never_a_list(self, form: Form) -> bool:
        """Tell whether no value of a form is kept as a list."""
        match form:
            case UnionForm(parts):
                return all(map(self.is_never_a_list, parts))
            case ProgramClass():
                return self._layouts.of(form).kind in {"typed dict", "dataclass", "model", "enum"}
            case _:
                return isinstance(form, ScalarForm | LiteralForm | MapForm)

    def is_no_typed_dict(self, form: Form) -> bool:
        """Tell whether a form is certainly no `TypedDict`."""
        if isinstance(form, ProgramClass):
            return self._layouts.of(form).kind not in {"typed dict", "unknown"}
        return not isinstance(form, AnyForm)

    def unstorable_part(self, form: Form) -> tuple[str, str] | None:
        """Return the path of a part that can't be stored and what it is, `None` if all can."""
        return self._unstorable("", form, set())

    def _unstorable(self, path: str, form: Form, seen: set[Form]) -> tuple[str, str] | None:
        if isinstance(form, UnstorableForm):
            return path, form.what
        inside = f"{path}[]" if isinstance(form, ArrayForm | MapForm) else path
        parts = [(inside, each) for each in parts_of(form)]
        if isinstance(form, ProgramClass) and form not in seen:
            seen.add(form)
            layout = self._layouts.of(form)
            if layout.kind == "plain":
                what = f'a "{show(form)}", which is not a TypedDict, dataclass or pydantic model'
                return path, what
            dot = f"{path}." if path else ""
            parts = [
                (dot + name, each.form) for name, each in layout.fields.items() if each.is_stored
            ]
        found = (self._unstorable(step, part, seen) for step, part in parts)
        return next((each for each in found if each is not None), None)


def _compare_scalars(written: str, read: str) -> bool:
    if written == read or (written, read) in _NUMBERS_OF:
        return True
    if "None" in {written, read}:
        return False
    return (written not in _NUMBERS and read not in _NUMBERS) or "decimal.Decimal" in {
        written,
        read,
    }


def _literal_fits(written: LiteralForm, read: Form) -> bool:
    if not isinstance(read, ScalarForm):
        return isinstance(read, ProgramClass)
    return not written.are_texts or read.name not in _NUMBERS | {"None"}


def _fits_literal(written: Form, read: LiteralForm) -> bool:
    if not isinstance(written, ScalarForm):
        return isinstance(written, ProgramClass)
    if read.are_texts == (written.name == "str"):
        return False
    return written.name not in _NUMBERS | {"str"}

"""Compatibility of types: what is written with one and read with another, or stored at all.

The answers are those of the library as it runs: fields that the reader's type does not have are
refused, a `TypedDict` is its fields, dates are text. In doubt, a value fits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import Final

from graflow_mypy.check.scalars import literal_fits, literals_of, scalar_fits
from graflow_mypy.program.resolved import ProgramClass
from graflow_mypy.program.types.classes import ClassLayout, Field, Layouts
from graflow_mypy.program.types.forms import (
    ANY_FORM,
    AnyForm,
    ArrayForm,
    Form,
    LiteralForm,
    MapForm,
    ScalarForm,
    TupleForm,
    UnionForm,
    UnstorableForm,
    parts_of,
    show,
)

__all__ = ["Fitting"]

_MOST_KINDS: Final = 64  # of instances of a class, which are told apart
_DEEPEST: Final = 5


class Fitting:
    """Answers about the types of one program."""

    def __init__(self, layouts: Layouts) -> None:
        """Answers are kept for the next time."""
        self._layouts = layouts
        self._known: dict[tuple[Form, Form], bool] = {}

    def fits(self, written: Form, read: Form) -> bool:
        """Tell whether any value of `written` may be read as `read`, or that is not certain."""
        written, read = self._as_kept(written), self._as_kept(read)
        if written == read or isinstance(written, AnyForm) or isinstance(read, AnyForm):
            return True
        pair = (written, read)
        if pair not in self._known:
            self._known[pair] = True  # while it is looked at: a type that holds itself
            self._known[pair] = self._compare(written, read)
        return self._known[pair]

    def _as_kept(self, form: Form) -> Form:
        """Return the root of a model that has one."""
        for _ in range(_DEEPEST):
            layout = self._layouts.of(form) if isinstance(form, ProgramClass) else None
            if layout is None or layout.kind != "root":
                return form
            form = layout.fields["root"].form
        return ANY_FORM

    def _compare(self, written: Form, read: Form) -> bool:
        values = literals_of(written)
        match written, read:
            case (UnstorableForm(), _) | (_, UnstorableForm()):
                return True
            case UnionForm(parts), _:
                return all(self.fits(each, read) for each in parts)
            case _ if values and values != (written,):
                return all(self.fits(each, read) for each in values)
            case _, UnionForm(parts):
                fits_one = any(self.fits(written, each) for each in parts)
                return fits_one or self._fits_in_turns(written, parts)
            case _:
                return self._compare_single(written, read)

    def _compare_single(self, written: Form, read: Form) -> bool:
        match written, read:
            case ProgramClass(), ProgramClass():
                return self._compare_classes(written, read)
            case (ProgramClass(), MapForm()) | (MapForm(), ProgramClass()):
                return self._compare_with_map(written, read)
            case (ProgramClass() as its_class, _) | (_, ProgramClass() as its_class):
                return not self._layouts.of(its_class).has_fields
            case LiteralForm(), _:
                return literal_fits(written, read)
            case ScalarForm(), ScalarForm() | LiteralForm():
                return scalar_fits(written, read)
            case ArrayForm() | TupleForm(), ArrayForm() | TupleForm():
                return self._compare_arrays(written, read)
            case MapForm(), MapForm():
                return self.fits(written.value, read.value)
            case _:
                return False

    def _compare_arrays(self, written: Form, read: Form) -> bool:
        match written, read:
            case ArrayForm(), ArrayForm():
                return self.fits(written.item, read.item)
            case TupleForm(mine), TupleForm(other):
                return len(mine) == len(other) and all(map(self.fits, mine, other))
            case TupleForm(mine), ArrayForm(_, item):
                return all(self.fits(each, item) for each in mine)
            case ArrayForm(_, item), TupleForm(other):
                return all(self._may_fit(item, each) for each in other)
            case _:
                return False

    def _compare_with_map(self, written: Form, read: Form) -> bool:
        """Compare a class with a dictionary, which is JSON of the same kind."""
        match written, read:
            case (ProgramClass(), MapForm(_, _, value)) if self._layouts.of(written).has_fields:
                return all(self.fits(each, value) for each in self._always_in(written))
            case (MapForm(_, _, value), ProgramClass()) if self._layouts.of(read).has_fields:
                return all(self._may_fit(value, each) for each in self._needed_by(read))
            case _:
                return True

    def _always_in(self, written: ProgramClass) -> list[Form]:
        """Return the forms of the fields that what is made of an instance always has."""
        fields = self._layouts.of(written).fields.values()
        return [each.form for each in fields if each.is_present and each.is_stored]

    def _needed_by(self, read: ProgramClass) -> list[Form]:
        fields = self._layouts.of(read).fields.values()
        return [each.form for each in fields if each.is_required]

    def _may_fit(self, written: Form, read: Form) -> bool:
        """Tell whether a value of one type of several may be read, as no more is known of it."""
        parts = written.parts if isinstance(written, UnionForm) else (written,)
        return any(self.fits(each, read) for each in parts)

    def _compare_classes(self, written: ProgramClass, read: ProgramClass) -> bool:
        mine, other = self._layouts.of(written), self._layouts.of(read)
        if not (mine.has_fields and other.has_fields):
            return "unknown" in {mine.kind, other.kind} or mine.kind == other.kind
        return self._compare_fields(mine, other)

    def _compare_fields(self, written: ClassLayout, read: ClassLayout) -> bool:
        for name, field in read.fields.items():
            mine = written.fields.get(name)
            if (mine is None or not mine.is_present) and field.is_required:
                return False
            if mine is not None and not self.fits(mine.form, field.form):
                return False
        stored = {name for name, field in written.fields.items() if field.is_written}
        return stored <= read.fields.keys()

    def _fits_in_turns(self, written: Form, read: Sequence[Form]) -> bool:
        """Tell whether each instance of a class fits one of several classes.

        An instance has one of the types of each field: `int | str` twice makes four kinds.
        """
        layouts = [self._layouts.of(each) for each in read if isinstance(each, ProgramClass)]
        layouts = [each for each in layouts if each.has_fields]
        mine = self._layouts.of(written) if isinstance(written, ProgramClass) else None
        if mine is None or not mine.has_fields or len(layouts) < 2:
            return False
        choices = [self._choices(name, each) for name, each in mine.fields.items()]
        if math.prod(map(len, choices)) > _MOST_KINDS:
            return True
        kinds = (ClassLayout(mine.kind, dict(chain(*chosen))) for chosen in product(*choices))
        return all(any(self._compare_fields(kind, each) for each in layouts) for kind in kinds)

    def _choices(self, name: str, field: Field) -> list[list[tuple[str, Field]]]:
        """Return what an instance may have of a field: it with each of its types, or nothing."""
        forms = self._types_of(field.form)
        found = [[(name, replace(field, form=form, is_present=True))] for form in forms]
        return found if field.is_present else [*found, []]

    def _types_of(self, form: Form) -> list[Form]:
        """Return what a value has one of; a class that has several kinds itself is not judged."""
        if isinstance(form, UnionForm):
            return [each for part in form.parts for each in self._types_of(part)]
        if isinstance(form, ProgramClass) and not self._is_of_one_kind(form):
            return [ANY_FORM]
        return [*literals_of(form)] or [form]

    def _is_of_one_kind(self, form: ProgramClass, depth: int = 0) -> bool:
        if depth > _DEEPEST:
            return False
        return all(
            each.is_present
            and not isinstance(each.form, UnionForm)
            and len(literals_of(each.form)) < 2
            and (
                not isinstance(each.form, ProgramClass)
                or self._is_of_one_kind(each.form, depth + 1)
            )
            for each in self._layouts.of(form).fields.values()
        )

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
        inside = f"{path}[]" if isinstance(form, ArrayForm | TupleForm | MapForm) else path
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

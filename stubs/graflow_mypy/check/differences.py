"""Differences of types that have the same name: their modules, and the field that differs."""

from __future__ import annotations

from collections.abc import Iterator

from graflow_mypy.check.fitting import Fitting
from graflow_mypy.program.resolved import ProgramClass
from graflow_mypy.program.types.classes import Field
from graflow_mypy.program.types.forms import ArrayForm, Form, MapForm, TupleForm, parts_of, show

__all__ = ["difference"]


def difference(mine: Form, other: Form, fitting: Fitting) -> str:
    """Return how two types differ in a field of their classes; empty where they don't."""
    return next(_differences(mine, other, fitting, set()), "")


def _differences(
    mine: Form, other: Form, fitting: Fitting, seen: set[tuple[Form, Form]]
) -> Iterator[str]:
    if (mine, other) in seen:
        return
    seen.add((mine, other))
    match mine, other:
        case (ProgramClass(), ProgramClass()):
            yield from _in_fields(mine, other, fitting, seen)
        case (ArrayForm(), ArrayForm()) | (MapForm(), MapForm()) | (TupleForm(), TupleForm()):
            for pair in zip(parts_of(mine), parts_of(other), strict=False):
                yield from _differences(*pair, fitting, seen)


def _in_fields(
    mine: ProgramClass, other: ProgramClass, fitting: Fitting, seen: set[tuple[Form, Form]]
) -> Iterator[str]:
    here, there = fitting.fields(mine), fitting.fields(other)
    for name in {**here, **there}:
        its, others = here.get(name), there.get(name)
        if its is None or others is None:
            has, lacks = (other, mine) if its is None else (mine, other)
            found = _told(has, name, its or others)
            yield f"{found}, and no such field in {show(lacks, is_full=True)}"
        elif not (fitting.fits(its.form, others.form) and fitting.fits(others.form, its.form)):
            yield from _differences(its.form, others.form, fitting, seen)
            yield f"{_told(mine, name, its)}, {_told(other, name, others)}"
        elif its.is_present != others.is_present:
            sure, unsure = (mine, other) if its.is_present else (other, mine)
            full = show(sure, is_full=True), show(unsure, is_full=True)
            yield f"{full[0]}.{name} is always there, {full[1]}.{name} may be missing"


def _told(owner: ProgramClass, name: str, field: Field | None) -> str:
    text = (field.text or show(field.form)) if field is not None else ""
    return f"{show(owner, is_full=True)}.{name}: {text}"

"""Compatibility: can a value written with one type be read with another, and be stored at all?

The answers are those of the library as it runs: fields that the reader's type does not have are
refused, a `TypedDict` is its fields, dates are text. Where nothing certain is known, it fits.
"""

from __future__ import annotations

from typing import Final

from graflow_mypy.program.classes import Shape, Shapes
from graflow_mypy.program.forms import Form, show

__all__ = ["Fitting"]

_NUMBERS: Final = {"int", "float", "bool"}
_NUMBERS_OF: Final = {("int", "float"), ("bool", "float")}


class Fitting:
    """Answers about the types of one program."""

    def __init__(self, shapes: Shapes) -> None:
        """Answers are kept for the next time."""
        self._shapes = shapes
        self._known: dict[tuple[Form, Form], bool] = {}

    def fits(self, written: Form, read: Form) -> bool:
        """Tell whether any value of `written` may be read as `read`, or that is not certain."""
        if written == read or written[0] == "any" or read[0] == "any":
            return True
        pair = (written, read)
        if pair not in self._known:
            self._known[pair] = True  # while it is looked at: a type that holds itself
            self._known[pair] = self._compare(written, read)
        return self._known[pair]

    def _compare(self, written: Form, read: Form) -> bool:
        if written[0] == "unstorable" or read[0] == "unstorable":
            return True
        if written[0] == "union":
            return all(self.fits(each, read) for each in written[1])
        if read[0] == "union":
            return any(self.fits(written, each) for each in read[1])
        if "literal" in {written[0], read[0]}:
            return _compare_literals(written, read)
        if "class" in {written[0], read[0]}:
            return self._compare_classes(written, read)
        if written[0] != read[0]:
            return False
        if written[0] == "scalar":
            return _compare_scalars(written[1], read[1])
        return self.fits(written[-1], read[-1])

    def _compare_classes(self, written: Form, read: Form) -> bool:
        if written[0] != read[0]:
            shape = self._shapes.of(written if written[0] == "class" else read)
            other = read if written[0] == "class" else written
            return not shape.is_record or other[0] == "map"
        mine, other_shape = self._shapes.of(written), self._shapes.of(read)
        if not (mine.is_record and other_shape.is_record):
            return "unknown" in {mine.kind, other_shape.kind} or mine.kind == other_shape.kind
        return self._compare_fields(mine, other_shape)

    def _compare_fields(self, written: Shape, read: Shape) -> bool:
        for name, field in read.fields.items():
            mine = written.fields.get(name)
            if (mine is None or not mine.is_present) and field.is_required:
                return False
            if mine is not None and not self.fits(mine.form, field.form):
                return False
        return written.fields.keys() <= read.fields.keys()

    def is_never_a_list(self, form: Form) -> bool:
        """Tell whether no value of a form is kept as a list."""
        if form[0] == "union":
            return all(map(self.is_never_a_list, form[1]))
        if form[0] == "class":
            return self._shapes.of(form).kind in {"typed dict", "dataclass", "model", "enum"}
        return bool(form[0] in {"scalar", "literal", "map"})

    def is_no_typed_dict(self, form: Form) -> bool:
        """Tell whether a form is certainly no `TypedDict`."""
        if form[0] == "class":
            return self._shapes.of(form).kind not in {"typed dict", "unknown"}
        return bool(form[0] != "any")

    def unstorable_part(self, form: Form) -> tuple[str, str] | None:
        """Return the path of a part that can't be stored and what it is, `None` if all can."""
        return self._unstorable("", form, set())

    def _unstorable(self, path: str, form: Form, seen: set[Form]) -> tuple[str, str] | None:
        kind = form[0]
        if kind == "unstorable":
            return path, form[2]
        parts: list[tuple[str, Form]] = []
        if kind == "union":
            parts = [(path, each) for each in form[1]]
        elif kind in {"array", "map"}:
            parts = [(f"{path}[]", each) for each in form[2:]]
        elif kind == "class" and form not in seen:
            seen.add(form)
            shape = self._shapes.of(form)
            if shape.kind == "plain":
                what = f'a "{show(form)}", which is not a TypedDict, dataclass or pydantic model'
                return path, what
            dot = f"{path}." if path else ""
            parts = [
                (dot + name, each.form) for name, each in shape.fields.items() if each.is_stored
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


def _compare_literals(written: Form, read: Form) -> bool:
    if written[0] == read[0]:
        return set(written[1]) <= set(read[1])
    other = read if written[0] == "literal" else written
    if other[0] != "scalar":
        return bool(other[0] == "class")
    are_texts = all(text[:1] in {"'", '"'} for text in (written if read is other else read)[1])
    if read[0] == "literal":
        return False if are_texts == (other[1] == "str") else other[1] not in _NUMBERS | {"str"}
    return not are_texts or other[1] not in _NUMBERS | {"None"}

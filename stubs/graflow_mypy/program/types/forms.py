"""Forms: types as the plugin knows them, equal where the types are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from graflow_mypy.program.resolved import ProgramClass

__all__ = [
    "ANY_FORM",
    "NONE_FORM",
    "AnyForm",
    "ArrayForm",
    "Form",
    "LiteralForm",
    "MapForm",
    "ScalarForm",
    "TupleForm",
    "UnionForm",
    "UnstorableForm",
    "is_certain",
    "parts_of",
    "show",
    "union_of",
]


@dataclass(frozen=True, slots=True)
class AnyForm:
    """An unknown type, or `Any`."""

    tag: ClassVar[Literal["any"]] = "any"


@dataclass(frozen=True, slots=True)
class ScalarForm:
    """A type without parts: `int`, `str`, `None`, `datetime.datetime`, ...

    Attributes:
        name: Its name.
        is_one: Whether it stands for one value, which is not known, and not for any.
    """

    tag: ClassVar[Literal["scalar"]] = "scalar"
    name: str
    is_one: bool = False


@dataclass(frozen=True, slots=True)
class LiteralForm:
    """Some values: by their `repr`, or those of an enum by their names, as `shop.Colour.RED`."""

    tag: ClassVar[Literal["literal"]] = "literal"
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArrayForm:
    """A `list`, `tuple`, `set`, ..."""

    tag: ClassVar[Literal["array"]] = "array"
    name: str
    item: Form


@dataclass(frozen=True, slots=True)
class TupleForm:
    """A `tuple` of a known length, with a form for each place."""

    tag: ClassVar[Literal["tuple"]] = "tuple"
    items: tuple[Form, ...]

    @property
    def item(self) -> Form:
        """The form of any item; unknown where there are none."""
        return union_of(self.items) if self.items else ANY_FORM


@dataclass(frozen=True, slots=True)
class MapForm:
    """A `dict`, `Mapping`, ..."""

    tag: ClassVar[Literal["map"]] = "map"
    name: str
    key: Form
    value: Form


@dataclass(frozen=True, slots=True)
class UnionForm:
    """One of several types, in an order of their own."""

    tag: ClassVar[Literal["union"]] = "union"
    parts: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class UnstorableForm:
    """A type whose values no channel keeps.

    Attributes:
        name: Its name.
        what: What it is, as "a lock".
    """

    tag: ClassVar[Literal["unstorable"]] = "unstorable"
    name: str
    what: str


Form: TypeAlias = (
    AnyForm
    | ScalarForm
    | LiteralForm
    | ArrayForm
    | TupleForm
    | MapForm
    | UnionForm
    | UnstorableForm
    | ProgramClass
)
"""A type."""

ANY_FORM: Final = AnyForm()
"""The unknown form."""

NONE_FORM: Final = ScalarForm("None")
"""The form of `None`."""


def union_of(forms: Sequence[Form]) -> Form:
    """Return the form of one of several types."""
    flat: list[Form] = []
    for form in forms:
        for each in form.parts if isinstance(form, UnionForm) else (form,):
            if each not in flat:
                flat.append(each)
    if len(flat) == 1:
        return flat[0]
    return ANY_FORM if ANY_FORM in flat else UnionForm(tuple(sorted(flat, key=_order)))


def _order(form: Form) -> tuple[str, str]:
    return form.tag, repr(form)


def show(form: Form, *, is_full: bool = False) -> str:
    """Return what a message calls a form, its classes by their full names if `is_full`."""
    match form:
        case ProgramClass(module, name) if is_full:
            return f"{module.partition('#')[0]}.{name}"
        case ScalarForm(name) | ProgramClass(_, name):
            return name.rpartition(".")[2]
        case LiteralForm(values):
            return f"Literal[{', '.join(values)}]"
        case ArrayForm(name, item):
            return f"{name}[{show(item, is_full=is_full)}]"
        case TupleForm(items):
            return f"tuple[{', '.join(show(each, is_full=is_full) for each in items) or '()'}]"
        case MapForm(name, key, value):
            shown = ", ".join(show(each, is_full=is_full) for each in (key, value))
            return f"{name}[{shown}]"
        case UnionForm(parts):
            choices = [show(each, is_full=is_full) for each in parts if each != NONE_FORM]
            return " | ".join([*choices, "None"] if NONE_FORM in parts else choices)
        case UnstorableForm(name):
            return name
        case AnyForm():
            return "Any"


def parts_of(form: Form) -> tuple[Form, ...]:
    """Return the forms that a form is made of, without those of a class's fields."""
    match form:
        case UnionForm(parts) | TupleForm(parts):
            return parts
        case ArrayForm(_, item):
            return (item,)
        case MapForm(_, key, value):
            return key, value
        case _:
            return ()


def is_certain(form: Form) -> bool:
    """Tell whether every part of a form is known."""
    if isinstance(form, AnyForm | UnstorableForm):
        return False
    return all(map(is_certain, parts_of(form)))

"""The classes of a program: their kind and their fields."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import External, ProgramClass
from graflow_mypy.program.types.forms import ANY_FORM, Form, UnstorableForm
from graflow_mypy.program.types.type_terms import form_of
from graflow_mypy.program.types.type_texts import type_text
from graflow_mypy.source.notes import ClassNote, FieldNote
from graflow_mypy.source.terms import Call, Constant, Name, Subscript, Term, Text

__all__ = ["ClassKind", "ClassLayout", "Field", "Layouts"]

ClassKind: TypeAlias = Literal[
    "typed dict", "dataclass", "model", "enum", "named tuple", "root", "plain", "unknown"
]
"""The kind of a class: `root` is a model that is kept as its root, `plain` none of the others."""

_PLAIN: Final = "plain"
_KINDS: Final[dict[str, ClassKind]] = {
    "TypedDict": "typed dict",
    "BaseModel": "model",
    "Enum": "enum",
    "IntEnum": "enum",
    "StrEnum": "enum",
    "NamedTuple": "named tuple",
}
_PLAIN_BASES: Final = {
    *("abc.ABC", "typing.Protocol", "typing_extensions.Protocol"),
    *(f"builtins.{name}" for name, each in vars(builtins).items() if isinstance(each, type)),
}
"""Bases of which pydantic knows no more than of the class itself."""

_ROOTS: Final = {"pydantic.RootModel", "pydantic.root_model.RootModel"}
_HOMES: Final = {"typing", "typing_extensions", "pydantic", "enum"}
_HOOKS: Final = {
    "__get_pydantic_core_schema__",
    "__get_validators__",
    "__pydantic_config__",
    "model_config",
    "model_serializer",
}


@dataclass(frozen=True)
class Field:
    """A field of a class.

    Attributes:
        form: The form of its values.
        is_required: Whether data without it does not fit.
        is_present: Whether data that was made of an instance always has it.
        is_stored: Whether it is certainly stored: `Field(exclude=True)` keeps one out.
        is_written: Whether it may be stored: an `InitVar` is read, but never written.
        text: Its type as the source writes it; empty where that is not known.
    """

    form: Form
    is_required: bool
    is_present: bool
    is_stored: bool = True
    is_written: bool = True
    text: str = ""


@dataclass(frozen=True)
class ClassLayout:
    """What is known of a class.

    Attributes:
        kind: What it is.
        fields: Its fields by their names; of kinds that have none, none.
    """

    kind: ClassKind
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def has_fields(self) -> bool:
        """Whether instances are kept as JSON objects with these fields."""
        return self.kind in {"typed dict", "dataclass", "model"}


_UNKNOWN = ClassLayout("unknown")
_TRUE = Constant("True", "bool")


class Layouts:
    """The layouts of all classes of a program."""

    def __init__(self, program: Program) -> None:
        """Layouts are made when they are first asked for."""
        self.program = program
        self._known: dict[ProgramClass, ClassLayout] = {}

    def of(self, form: ProgramClass) -> ClassLayout:
        """Return the layout of a class of the program."""
        found = self._known.get(form)
        if found is None:
            self._known[form] = _UNKNOWN  # while it is made: a base of itself is an error
            found = self._known[form] = self._made(form)
        return found

    def _made(self, form: ProgramClass) -> ClassLayout:
        note = self.program.class_note(form)
        if note.is_twice or note.is_generic or note.keywords or note.converts:
            return _UNKNOWN
        if _HOOKS & {*note.others, *note.fields}:
            return _UNKNOWN
        kind, fields = self._inherited(note.bases)
        if kind == "root" and "root" in note.fields:
            return _UNKNOWN
        for decorator in note.decorators:
            kind = self._decorated(decorator, kind)
        if kind in {"typed dict", "dataclass", "model", "named tuple"}:
            own = self._own(note, kind)
            if own is None:
                return _UNKNOWN
            fields = {**fields, **own}
        return ClassLayout(kind, fields)

    def _inherited(self, bases: Sequence[Term]) -> tuple[ClassKind, dict[str, Field]]:
        kind: ClassKind = _PLAIN
        fields: dict[str, Field] = {}
        for base in bases:
            layout = self._base(base)
            if layout.kind == "unknown":
                return "unknown", {}
            if layout.kind != _PLAIN:
                if kind not in {_PLAIN, layout.kind}:
                    return "unknown", {}
                kind = layout.kind
            fields |= layout.fields
        return kind, fields

    def _base(self, base: Term) -> ClassLayout:
        match base:
            case Subscript(Name(dotted), (root,)):
                found = self.program.resolve(dotted)
                is_root = isinstance(found, External) and found.name in _ROOTS
                field = Field(form_of(root, self.program), is_required=True, is_present=True)
                return ClassLayout("root", {"root": field}) if is_root else _UNKNOWN
        if not isinstance(base, Name):
            return _UNKNOWN
        match self.program.resolve(base.dotted):
            case ProgramClass() as found:
                return self.of(found)
            case External(name) if name in _PLAIN_BASES:
                return ClassLayout(_PLAIN)
            case External(name):
                home, _, last = name.rpartition(".")
                is_known = home in _HOMES and last in _KINDS
                return ClassLayout(_KINDS[last]) if is_known else _UNKNOWN
            case _:
                return _UNKNOWN

    def _decorated(self, decorator: Term, kind: ClassKind) -> ClassKind:
        called = decorator.function if isinstance(decorator, Call) else decorator
        name = self.program.tail(called)
        if name == "dataclass" and kind in {_PLAIN, "dataclass"}:
            return "dataclass"
        return kind if name in {"final", "runtime_checkable", "unique"} else "unknown"

    def _own(self, note: ClassNote, kind: ClassKind) -> dict[str, Field] | None:
        """Return the fields that a class itself has by their stored names, if those are known."""
        found = {}
        for name, noted in note.fields.items():
            marks = self._marks(noted.annotation)
            options = dict(noted.options)
            stored_name = _stored_name(name, options)
            if stored_name is None:
                return None
            is_private = kind == "model" and name.startswith("_")
            is_left_out = options.get("init", _TRUE) != _TRUE  # made anew when it is read
            if marks & {"ClassVar", "KW_ONLY"} or is_private or is_left_out:
                continue
            found[stored_name] = self._field(noted, marks, kind, is_total=note.is_total)
            if kind == "model" and noted.default == "excluded":
                form = UnstorableForm(name, "left out of what is written, by its exclude=True")
                found[stored_name] = replace(found[stored_name], form=form)
        return found

    def _field(
        self, noted: FieldNote, marks: set[str], kind: ClassKind, *, is_total: bool
    ) -> Field:
        is_required = not noted.default
        if kind == "typed dict":
            is_required = "Required" in marks or (is_total and "NotRequired" not in marks)
        is_lax = dict(noted.options).get("strict", _TRUE) != _TRUE
        form = ANY_FORM if is_lax else form_of(noted.annotation, self.program)
        is_written = "InitVar" not in marks
        is_present = is_written and (is_required or kind != "typed dict")
        is_stored = kind == "typed dict" or noted.default != "call"
        text = type_text(noted.annotation)
        return Field(form, is_required, is_present, is_stored, is_written, text)

    def _marks(self, annotation: Term) -> set[str]:
        marks = set()
        while isinstance(annotation, Subscript):
            marks.add(self.program.tail(annotation.base))
            annotation = annotation.arguments[0]
        marks.add(self.program.tail(annotation))
        return marks


def _stored_name(name: str, options: Mapping[str, Term]) -> str | None:
    """Return the name that a field has where it is stored; `None` if that is unknown."""
    alias = options.get("validation_alias") or options.get("alias") or Text(name)
    is_known = "**" not in options and isinstance(options.get("init", _TRUE), Constant)
    return alias.text if isinstance(alias, Text) and is_known else None

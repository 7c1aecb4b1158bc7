"""The classes of a program: their kind and their fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from graflow_mypy.program.forms import Form, form_of
from graflow_mypy.program.program import Program
from graflow_mypy.source.terms import Term

__all__ = ["Field", "Shape", "Shapes"]

_PLAIN = "plain"
_KINDS: Final = {
    "TypedDict": "typed dict",
    "BaseModel": "model",
    "Enum": "enum",
    "IntEnum": "enum",
    "StrEnum": "enum",
    "NamedTuple": "named tuple",
}
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
    """

    form: Form
    is_required: bool
    is_present: bool
    is_stored: bool = True


@dataclass(frozen=True)
class Shape:
    """What is known of a class.

    Attributes:
        kind: `typed dict`, `dataclass`, `model`, `enum`, `named tuple`, `plain` or `unknown`.
        fields: Its fields by their names; of kinds that have none, none.
    """

    kind: str
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def is_record(self) -> bool:
        """Whether instances are kept as JSON objects with these fields."""
        return self.kind in {"typed dict", "dataclass", "model"}


_UNKNOWN = Shape("unknown")


class Shapes:
    """The shapes of all classes of a program."""

    def __init__(self, program: Program) -> None:
        """Shapes are made when they are first asked for."""
        self.program = program
        self._known: dict[Form, Shape] = {}

    def of(self, form: Form) -> Shape:
        """Return the shape of a class of the program."""
        found = self._known.get(form)
        if found is None:
            self._known[form] = _UNKNOWN  # while it is made: a base of itself is an error
            found = self._known[form] = self._made(form)
        return found

    def _made(self, form: Form) -> Shape:
        record = self.program.class_of(form)
        if record is None or record.get("twice") or record["generic"] or record["keywords"]:
            return _UNKNOWN
        if _HOOKS & {*record["others"], *record["fields"]}:
            return _UNKNOWN
        kind, fields = self._inherited(record["bases"])
        for decorator in record["decorators"]:
            kind = self._decorated(decorator, kind)
        if kind in {"typed dict", "dataclass", "model", "named tuple"}:
            fields = {**fields, **self._own(record, kind)}
        return Shape(kind, fields)

    def _inherited(self, bases: list[Term]) -> tuple[str, dict[str, Field]]:
        kind, fields = _PLAIN, dict[str, Field]()
        for base in bases:
            shape = self._base(base)
            if shape.kind == "unknown":
                return "unknown", {}
            if shape.kind != _PLAIN:
                if kind not in {_PLAIN, shape.kind}:
                    return "unknown", {}
                kind = shape.kind
            fields |= shape.fields
        return kind, fields

    def _base(self, base: Term) -> Shape:
        if base[0] != "r":
            return _UNKNOWN
        found = self.program.resolve(base[1])
        if found[0] == "class":
            return self.of(found)
        home, _, name = str(found[1]).rpartition(".") if found[0] == "external" else ("", "", "")
        if found == ("external", "builtins.object"):
            return Shape(_PLAIN)
        is_known = home in {"typing", "typing_extensions", "pydantic", "enum"}
        return Shape(_KINDS[name]) if is_known and name in _KINDS else _UNKNOWN

    def _decorated(self, decorator: Term, kind: str) -> str:
        called = decorator[1] if decorator[0] == "f" else decorator
        name = self.program.tail(called)
        if name == "dataclass" and kind in {_PLAIN, "dataclass"}:
            return "dataclass"
        return kind if name in {"final", "runtime_checkable", "unique"} else "unknown"

    def _own(self, record: dict[str, Any], kind: str) -> dict[str, Field]:
        found = {}
        for name, (annotation, default) in record["fields"].items():
            marks = self._marks(annotation)
            if "ClassVar" in marks or (kind == "model" and name.startswith("_")):
                continue
            is_required = not default
            if kind == "typed dict":
                is_required = ("Required" in marks) or (
                    record["total"] and "NotRequired" not in marks
                )
            form = form_of(annotation, self.program)
            is_present = is_required or kind != "typed dict"
            is_stored = kind == "typed dict" or default != "call"
            found[name] = Field(form, is_required, is_present, is_stored)
        return found

    def _marks(self, annotation: Term) -> set[str]:
        marks = set()
        while annotation[0] == "i":
            marks.add(self.program.tail(annotation[1]))
            annotation = annotation[2][0]
        marks.add(self.program.tail(annotation))
        return marks

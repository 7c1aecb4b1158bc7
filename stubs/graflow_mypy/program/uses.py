"""The uses of keys in a program, with the form of what each writes or reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graflow_mypy.program.channels import Receiver, Receivers
from graflow_mypy.program.classes import Shapes
from graflow_mypy.program.forms import ANY_FORM, Form, form_of, value_form
from graflow_mypy.program.patterns import ANYTHING, Pattern, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.source.notes import READS, WRITES, Record
from graflow_mypy.source.terms import ANY, Term

__all__ = ["Signature", "Use", "uses_of", "writes_at_start"]

_ON_LISTS = frozenset({"append", "prepend", "pop", "get_list"})


@dataclass(frozen=True)
class Signature:
    """What one use says about its key; uses of the same signature are judged alike.

    Attributes:
        operation: The name of the method.
        form: The form of the whole value: of a list where the operation is one of lists.
        has_schema: Whether a schema says so, and not the value alone.
    """

    operation: str
    form: Form
    has_schema: bool

    @property
    def is_on_list(self) -> bool:
        """Whether the key holds a list for this operation."""
        return self.operation in _ON_LISTS

    @property
    def writes(self) -> bool:
        """Whether it stores something."""
        return self.operation in WRITES

    @property
    def reads(self) -> bool:
        """Whether it needs something to be there already, or its type."""
        return self.operation in READS or self.operation == "update"


@dataclass(frozen=True)
class Use:
    """One use of a key.

    Attributes:
        keys: The patterns of the keys that it may be about.
        signature: What it says about them.
        where: Whose channel: `run`, `given`, `other` or `unknown`.
        location: The module and the function that it stands in.
        place: Where in the file; `None` where no method call is seen.
    """

    keys: frozenset[Pattern]
    signature: Signature
    where: str
    location: tuple[str, str]
    place: list[int] | None

    @property
    def key(self) -> str | None:
        """The one key that it is about, if it is known."""
        return text_of(next(iter(self.keys))) if len(self.keys) == 1 else None


def uses_of(program: Program, shapes: Shapes) -> tuple[list[Use], bool]:
    """Return all uses, and whether no channel but those of runs is made anywhere."""
    reader = _Reader(program, shapes)
    found: list[Use] = []
    is_closed = True
    for module, record in program.records.items():
        for raw in record.get("uses", ()):
            if raw[0] == "made":
                is_closed = is_closed and reader.receivers.of(raw[1]).where in _OF_RUNS
            elif raw[0] == "lent":
                if program.resolve(raw[2][1])[0] == "external" and reader.receivers.reaches(raw[1]):
                    found.append(_anything(module))
            else:
                found += reader.read(module, raw)
    return found, is_closed


_OF_RUNS = {"run", "given", "none"}


def _anything(module: str) -> Use:
    """Return a use that may write anything: that of what is lent to another package."""
    return Use(
        frozenset({ANYTHING}), Signature("set", ANY_FORM, False), "unknown", (module, ""), None
    )


class _Reader:
    """Makes uses of what the scan has written down."""

    def __init__(self, program: Program, shapes: Shapes) -> None:
        self._program = program
        self._shapes = shapes
        self.receivers = Receivers(program)
        self._forms: dict[tuple[Any, ...], Form] = {}

    def read(self, module: str, raw: list[Any]) -> Iterator[Use]:
        operation, term, key, value, function, place = raw
        receiver = self.receivers.of(term)
        if receiver.where == "none":
            return
        if operation == "handed":
            if receiver.where == "unknown":
                return
            operation = "set"
        if receiver.where == "unknown" and operation not in WRITES:
            return
        keys = self._program.texts(key)
        form = self._form(operation, receiver, keys, value)
        if receiver.kind == "keyed" and operation in _ON_LISTS and form[0] not in {"any", "array"}:
            return  # the keyed channel refuses it, and the plugin says so there
        signature = Signature(operation, form, has_schema=receiver.kind != "plain")
        yield Use(keys, signature, receiver.where, (module, function), place)

    def _form(
        self, operation: str, receiver: Receiver, keys: frozenset[Pattern], value: Term
    ) -> Form:
        if receiver.kind == "keyed":
            return self._field(receiver, keys)
        if receiver.kind == "plain":
            form = value_form(value, self._program)
            is_written = operation in WRITES and operation not in {"update", "atomic_add"}
            form = form if is_written else ANY_FORM
        elif receiver.kind == "typed" and receiver.schema is not None:
            memo = (str(receiver.schema),)
            if memo not in self._forms:
                self._forms[memo] = form_of(receiver.schema, self._program)
            form = self._forms[memo]
        else:
            return ANY_FORM
        return ("array", "list", form) if operation in _ON_LISTS else form

    def _field(self, receiver: Receiver, keys: frozenset[Pattern]) -> Form:
        schema = form_of(receiver.schema or ["?"], self._program)
        key = text_of(next(iter(keys))) if len(keys) == 1 else None
        if schema[0] != "class" or key is None:
            return ANY_FORM
        field = self._shapes.of(schema).fields.get(key)
        return field.form if field else ANY_FORM


def writes_at_start(program: Program, record: Record) -> Iterator[Pattern]:
    """Yield the keys that `execute(initial_channel=...)` writes."""
    for term in record.get("initial", ()):
        yield from _keys_of(term, program)


def _keys_of(term: Term, program: Program, depth: int = 0) -> Iterator[Pattern]:
    if depth > 5:
        yield ANYTHING
    elif term[0] == "d":
        for key, value in term[1]:
            if key == ["?"]:
                yield from _keys_of(value, program, depth + 1)
            else:
                yield from program.texts(key)
    elif term[0] == "t":
        yield from _keys_of(term[2], program, depth + 1)
    elif term[0] == "r":
        found = program.resolve(term[1])
        is_known = found[0] == "term" and not program.is_filled(term[1])
        yield from _keys_of(found[1] if is_known else ANY, program, depth + 1)
    elif term[0] == "f" and term[1] == ["r", "builtins.dict"] and not term[2]:
        for name in term[3]:
            yield ANYTHING if name == "**" else (name,)
    elif term[0] != "k":
        yield ANYTHING

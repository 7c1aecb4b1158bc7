"""The uses of keys in a program, with the form of what each writes or reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graflow_mypy.program.blind_spots import BlindSpot
from graflow_mypy.program.channels import UNKNOWN, Receiver, Receivers, Whose
from graflow_mypy.program.declared_keys import declared_key, key_patterns, keys_of
from graflow_mypy.program.patterns import ANYTHING, Pattern, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import External, Given, ProgramClass
from graflow_mypy.program.types.classes import Layouts
from graflow_mypy.program.types.forms import (
    ANY_FORM,
    AnyForm,
    ArrayForm,
    Form,
    ScalarForm,
    TupleForm,
)
from graflow_mypy.program.types.type_terms import form_of, value_form
from graflow_mypy.program.types.type_texts import type_text
from graflow_mypy.source.note_taker import CHANGES, READS, WRITES
from graflow_mypy.source.notes import CallSite, InitialNote, UseNote
from graflow_mypy.source.terms import (
    ANY,
    Call,
    Constant,
    Declared,
    DictDisplay,
    Display,
    Name,
    Term,
    Text,
)

__all__ = ["Claim", "Use", "keys_at_start", "uses_of"]

_ON_LISTS = frozenset({"append", "prepend", "pop", "get_list"})
_ON_ANYTHING = frozenset({"delete", "exists", "ttl", "touch", "persist"})
_PARAMETERS = frozenset({"parameter", "optional parameter"})
_DEEPEST = 5


class Claim(NamedTuple):
    """What one use says about its key; uses of the same claim are judged alike.

    Attributes:
        operation: The name of the method; `parameter` or `optional parameter` where a run reads.
        form: The form of the whole value: of a list where the operation is one of lists.
        has_schema: Whether a schema says so, and not the value alone.
        has_default: Whether it gives a default, in case the key is absent.
        schema: That schema as the source writes it; empty where it is not known.
    """

    operation: str
    form: Form
    has_schema: bool
    has_default: bool = False
    schema: str = ""

    @property
    def is_on_list(self) -> bool:
        """Whether the key holds a list for this operation."""
        return self.operation in _ON_LISTS

    @property
    def writes(self) -> bool:
        """Whether it stores something."""
        return self.operation in CHANGES

    @property
    def reads(self) -> bool:
        """Whether it needs something to be there already, or its type."""
        return self.operation in READS | {"change", "update"} or self.is_parameter

    @property
    def creates(self) -> bool:
        """Whether it stores something where there is nothing."""
        return self.operation in WRITES

    @property
    def is_parameter(self) -> bool:
        """Whether a run reads it for a parameter of a task."""
        return self.operation in _PARAMETERS

    @property
    def expects(self) -> bool:
        """Whether it is a mistake if nothing is ever there."""
        return self.reads and self.operation != "optional parameter"


class Use(NamedTuple):
    """One use of a key.

    Attributes:
        keys: The patterns of the keys that it may be about.
        claim: What it says about them.
        where: Whose channel: `run`, `given`, `other` or `unknown`.
        location: The module and the function that it stands in.
        site: Where in the file; `None` where no method call is seen.
        line: Its line.
        does: What a line does that may write any key.
        site_module: The module of that file, where the location is in another one.
        started: Of what a run starts with, the workflow.
    """

    keys: frozenset[Pattern]
    claim: Claim
    where: Whose
    location: tuple[str, str]
    site: CallSite | None
    line: int
    does: str = "computes a key"
    site_module: str = ""
    started: Term | None = None

    @property
    def module(self) -> str:
        """The module of the site."""
        return self.site_module or self.location[0]

    @property
    def key(self) -> Pattern | None:
        """The one key that it is about, if that is known, or keys with one beginning: `user:*`."""
        key = next(iter(self.keys)) if len(self.keys) == 1 else ANYTHING
        return key if text_of(key) is not None or _is_a_kind_of_key(key) else None


def _is_a_kind_of_key(key: Pattern) -> bool:
    """Tell whether a pattern has a beginning that says what its keys are, and one gap."""
    first = key[0] or ""
    return key.count(None) == 1 and len(first) > 1 and not first[-1].isalnum()


def uses_of(
    program: Program, layouts: Layouts, receivers: Receivers
) -> tuple[list[Use], list[BlindSpot]]:
    """Return all uses, and the lines that make channels other than those of runs."""
    reader = _UseReader(program, layouts, receivers)
    found: list[Use] = []
    makers: list[BlindSpot] = []
    for module, notes in program.files.items():
        for note in notes.uses:
            if note.operation == "made":
                if reader.receivers.of(note.receiver).where not in _OF_RUNS:
                    makers.append(BlindSpot(module, note.line, "makes another channel"))
            elif note.operation == "given":
                continue  # the receivers know it
            elif note.operation == "lent":
                borrower = _external(note.key, program)
                if borrower and reader.receivers.reaches(note.receiver):
                    found.append(_lent(module, borrower, note.line))
            else:
                found += reader.read(module, note)
        for start in notes.initial:
            found += _uses_at_start(program, module, start)
    for each in receivers.own_backends():
        line = program.class_note(each).line
        makers.append(BlindSpot(each.module, line, "makes a class of channels"))
    return found, makers


_OF_RUNS = {"run", "given", "none"}


def _external(term: Term, program: Program) -> str:
    """Return the full name of something of another package; empty for anything else."""
    found = program.resolve(term.dotted) if isinstance(term, Name) else None
    return found.name if isinstance(found, External) else ""


def _lent(module: str, borrower: str, line: int) -> Use:
    """Return a use that may write anything: that of what is lent to another package."""
    does = f'lets "{borrower}" write any key'
    claim = Claim("set", ANY_FORM, False)
    return Use(frozenset({ANYTHING}), claim, "unknown", (module, ""), None, line, does)


class _UseReader:
    """Makes uses of what the scan has written down."""

    def __init__(self, program: Program, layouts: Layouts, receivers: Receivers) -> None:
        self._program = program
        self._layouts = layouts
        self.receivers = receivers
        self._forms: dict[Term, Form] = {}

    def read(self, module: str, note: UseNote) -> Iterator[Use]:
        operation, does = note.operation, "computes a key"
        receiver = self.receivers.of(note.receiver)
        if receiver.where == "none":
            return
        if module in self._program.others:
            receiver = UNKNOWN  # somebody else checks it: what it writes may be there
        if operation == "handed":
            if receiver.where == "unknown":
                return
            operation, does = "set", "hands on a method that may write any key"
        if receiver.where == "unknown" and operation not in CHANGES:
            return
        if receiver.kind in {"keyed", "declared"} and operation in {"delete", "exists"}:
            return  # its schema says that there may be such a key
        keys = self._keys(operation, receiver, note.key)
        if receiver.kind == "keyed" and self._is_refused(receiver, keys):
            return
        form = self._form(operation, receiver, keys, note)
        if receiver.kind in {"keyed", "declared"} and _is_of_another_shape(operation, form):
            return  # the channel refuses it, and the plugin or mypy says so there
        has_schema = receiver.kind != "plain"
        text = _schema_text(operation, receiver)
        claim = Claim(operation, form, has_schema, note.has_default, text)
        location = (module, note.function)
        yield Use(keys, claim, receiver.where, location, note.site, note.line, does)

    def _form(
        self, operation: str, receiver: Receiver, keys: frozenset[Pattern], note: UseNote
    ) -> Form:
        if receiver.is_lax:  # any value may become one of its schema
            return ArrayForm("list", ANY_FORM) if operation in _ON_LISTS else ANY_FORM
        if operation in _ON_ANYTHING:
            return ANY_FORM
        if receiver.kind == "keyed":
            return self._field(receiver, keys)
        if receiver.kind == "declared":
            declared = declared_key(note.key, self._program)
            return ANY_FORM if declared is None else self._schema(declared.form)
        if operation == "atomic_add" and receiver.kind in {"plain", "typed"}:
            return ScalarForm("int", is_one=True)  # what is added to a `float` may be one, too
        if receiver.kind == "plain":
            form = value_form(note.value, self._program)
            is_written = operation in WRITES and operation != "update"
            form = form if is_written else ANY_FORM
        elif receiver.kind == "typed":
            form = self._schema(receiver.schema)
        else:
            return ANY_FORM
        return ArrayForm("list", form) if operation in _ON_LISTS else form

    def _keys(self, operation: str, receiver: Receiver, key: Term) -> frozenset[Pattern]:
        """Return the keys that are meant: a channel with a schema of them has no others."""
        keys = key_patterns(key, self._program)
        if receiver.kind == "keyed":
            return self._known_keys(receiver, keys)
        is_any = receiver.kind == "declared" and operation in WRITES and ANYTHING in keys
        return keys_of(receiver.schema, self._program) if is_any else keys

    def _known_keys(self, receiver: Receiver, keys: frozenset[Pattern]) -> frozenset[Pattern]:
        """Return the keys of a keyed channel where any may be meant: it has no others."""
        schema = self._schema(receiver.schema)
        if ANYTHING not in keys or not isinstance(schema, ProgramClass):
            return keys
        layout = self._layouts.of(schema)
        return frozenset((name,) for name in layout.fields) if layout.has_fields else keys

    def _is_refused(self, receiver: Receiver, keys: frozenset[Pattern]) -> bool:
        """Tell whether a keyed channel certainly does not have a key; the plugin says so there."""
        schema = self._schema(receiver.schema)
        if not isinstance(schema, ProgramClass):
            return False
        layout = self._layouts.of(schema)
        key = text_of(next(iter(keys))) if len(keys) == 1 else None
        return layout.has_fields and key is not None and key not in layout.fields

    def _schema(self, term: Term) -> Form:
        if term not in self._forms:
            self._forms[term] = form_of(term, self._program)
        return self._forms[term]

    def _field(self, receiver: Receiver, keys: frozenset[Pattern]) -> Form:
        schema = self._schema(receiver.schema)
        key = text_of(next(iter(keys))) if len(keys) == 1 else None
        if not isinstance(schema, ProgramClass) or key is None:
            return ANY_FORM
        field = self._layouts.of(schema).fields.get(key)
        return field.form if field else ANY_FORM


def _is_of_another_shape(operation: str, form: Form) -> bool:
    """Tell whether an operation is one of lists, and a form certainly not, or the other way."""
    if operation == "atomic_add":
        return isinstance(form, ArrayForm | TupleForm)
    return operation in _ON_LISTS and not isinstance(form, AnyForm | ArrayForm)


def _schema_text(operation: str, receiver: Receiver) -> str:
    """Return what messages call the type of a value; empty where its form says it."""
    if operation == "atomic_add" and receiver.kind in {"plain", "typed"}:
        return "number"
    return type_text(receiver.schema) if receiver.kind == "typed" else ""


def keys_at_start(program: Program) -> set[Pattern]:
    """Return the keys that runs start with."""
    started = (note for notes in program.files.values() for note in notes.initial)
    return {pattern for note in started for pattern, _ in _items_of(note.mapping, program)}


def _uses_at_start(program: Program, module: str, note: InitialNote) -> Iterator[Use]:
    """Yield what `execute(initial_channel=...)` writes."""
    does = "starts a run with keys that are computed"
    where: Whose = "unknown" if module in program.others else "run"
    for pattern, value in _items_of(note.mapping, program):
        claim = Claim("set", value_form(value, program), has_schema=False)
        location = (module, note.function)
        keys, line = frozenset({pattern}), note.site.line
        yield Use(keys, claim, where, location, note.site, line, does, started=note.workflow)


def _items_of(term: Term, program: Program, depth: int = 0) -> Iterator[tuple[Pattern, Term]]:
    """Yield the patterns of the keys of a mapping, with their values."""
    if depth > _DEEPEST:
        yield ANYTHING, ANY
        return
    match term:
        case DictDisplay(pairs):
            for key, value in pairs:
                if key == ANY:
                    yield from _items_of(value, program, depth + 1)
                else:
                    yield from ((pattern, value) for pattern in program.texts(key))
        case Declared(_, value):
            yield from _items_of(value, program, depth + 1)
        case Name(dotted):
            found = program.resolve(dotted)
            if not isinstance(found, Given) or program.is_filled(dotted):
                yield ANYTHING, ANY
            else:
                yield from _items_of(found.term, program, depth + 1)
        case Call(Name("builtins.dict"), (), named):
            yield from ((ANYTHING if name == "**" else (name,), value) for name, value in named)
        case Constant(type="NoneType") | Display() | Text():
            return  # mypy refuses what is no mapping
        case _:
            yield ANYTHING, ANY

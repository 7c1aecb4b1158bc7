"""The uses of keys in a program, with the form of what each writes or reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graflow_mypy.program.channels import UNKNOWN, Receiver, Receivers, Whose
from graflow_mypy.program.classes import Layouts
from graflow_mypy.program.declared_keys import declared_key, key_patterns
from graflow_mypy.program.forms import ANY_FORM, AnyForm, ArrayForm, Form
from graflow_mypy.program.patterns import ANYTHING, Pattern, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import External, Given, ProgramClass
from graflow_mypy.program.type_terms import form_of, value_form
from graflow_mypy.source.note_taker import READS, WRITES
from graflow_mypy.source.notes import CallSite, FileNotes, UseNote
from graflow_mypy.source.terms import ANY, Call, Constant, Declared, DictDisplay, Name, Term

__all__ = ["Claim", "Use", "uses_of", "writes_at_start"]

_ON_LISTS = frozenset({"append", "prepend", "pop", "get_list"})
_ON_ANYTHING = frozenset({"ttl", "touch", "persist"})
_PARAMETERS = frozenset({"parameter", "optional parameter"})
_DEEPEST = 5


class Claim(NamedTuple):
    """What one use says about its key; uses of the same claim are judged alike.

    Attributes:
        operation: The name of the method; `parameter` or `optional parameter` where a run reads.
        form: The form of the whole value: of a list where the operation is one of lists.
        has_schema: Whether a schema says so, and not the value alone.
        has_default: Whether it gives a default, in case the key is absent.
    """

    operation: str
    form: Form
    has_schema: bool
    has_default: bool = False

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
        return self.operation in READS or self.operation == "update" or self.is_parameter

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
        site_module: The module of that file, where the location is in another one.
    """

    keys: frozenset[Pattern]
    claim: Claim
    where: Whose
    location: tuple[str, str]
    site: CallSite | None
    site_module: str = ""

    @property
    def module(self) -> str:
        """The module of the site."""
        return self.site_module or self.location[0]

    @property
    def key(self) -> str | None:
        """The one key that it is about, if it is known."""
        return text_of(next(iter(self.keys))) if len(self.keys) == 1 else None


def uses_of(program: Program, layouts: Layouts, receivers: Receivers) -> tuple[list[Use], bool]:
    """Return all uses, and whether no channel but those of runs is made anywhere."""
    reader = _UseReader(program, layouts, receivers)
    found: list[Use] = []
    is_closed = True
    for module, notes in program.files.items():
        for note in notes.uses:
            if note.operation == "made":
                is_closed = is_closed and reader.receivers.of(note.receiver).where in _OF_RUNS
            elif note.operation == "given":
                continue  # the receivers know it
            elif note.operation == "lent":
                if _is_external(note.key, program) and reader.receivers.reaches(note.receiver):
                    found.append(_anything(module))
            else:
                found += reader.read(module, note)
    return found, is_closed and not any(reader.receivers.own_backends())


_OF_RUNS = {"run", "given", "none"}


def _is_external(term: Term, program: Program) -> bool:
    return isinstance(term, Name) and isinstance(program.resolve(term.dotted), External)


def _anything(module: str) -> Use:
    """Return a use that may write anything: that of what is lent to another package."""
    return Use(frozenset({ANYTHING}), Claim("set", ANY_FORM, False), "unknown", (module, ""), None)


class _UseReader:
    """Makes uses of what the scan has written down."""

    def __init__(self, program: Program, layouts: Layouts, receivers: Receivers) -> None:
        self._program = program
        self._layouts = layouts
        self.receivers = receivers
        self._forms: dict[Term, Form] = {}

    def read(self, module: str, note: UseNote) -> Iterator[Use]:
        operation = note.operation
        receiver = self.receivers.of(note.receiver)
        if receiver.where == "none":
            return
        if module in self._program.others:
            receiver = UNKNOWN  # somebody else checks it: what it writes may be there
        if operation == "handed":
            if receiver.where == "unknown":
                return
            operation = "set"
        if receiver.where == "unknown" and operation not in WRITES:
            return
        keys = key_patterns(note.key, self._program)
        if receiver.kind == "keyed" and self._is_refused(receiver, keys):
            return
        form = self._form(operation, receiver, keys, note)
        is_list = isinstance(form, AnyForm | ArrayForm)
        if receiver.kind in {"keyed", "declared"} and operation in _ON_LISTS and not is_list:
            return  # the channel refuses it, and the plugin or mypy says so there
        claim = Claim(operation, form, receiver.kind != "plain", note.has_default)
        yield Use(keys, claim, receiver.where, (module, note.function), note.site)

    def _form(
        self, operation: str, receiver: Receiver, keys: frozenset[Pattern], note: UseNote
    ) -> Form:
        if operation in _ON_ANYTHING:
            return ANY_FORM
        if receiver.kind == "keyed":
            return self._field(receiver, keys)
        if receiver.kind == "declared":
            declared = declared_key(note.key, self._program)
            return ANY_FORM if declared is None else self._schema(declared.form)
        if receiver.kind == "plain":
            form = value_form(note.value, self._program)
            is_written = operation in WRITES and operation not in {"update", "atomic_add"}
            form = form if is_written else ANY_FORM
        elif receiver.kind == "typed":
            form = self._schema(receiver.schema)
        else:
            return ANY_FORM
        return ArrayForm("list", form) if operation in _ON_LISTS else form

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


def writes_at_start(program: Program, notes: FileNotes) -> Iterator[Pattern]:
    """Yield the keys that `execute(initial_channel=...)` writes."""
    for term in notes.initial:
        yield from _keys_of(term, program)


def _keys_of(term: Term, program: Program, depth: int = 0) -> Iterator[Pattern]:
    if depth > _DEEPEST:
        yield ANYTHING
        return
    match term:
        case DictDisplay(pairs):
            for key, value in pairs:
                is_unpacked = key == ANY
                yield from (
                    _keys_of(value, program, depth + 1) if is_unpacked else program.texts(key)
                )
        case Declared(_, value):
            yield from _keys_of(value, program, depth + 1)
        case Name(dotted):
            found = program.resolve(dotted)
            if not isinstance(found, Given) or program.is_filled(dotted):
                yield ANYTHING
            else:
                yield from _keys_of(found.term, program, depth + 1)
        case Call(Name("builtins.dict"), (), named):
            yield from (ANYTHING if name == "**" else (name,) for name, _ in named)
        case Constant(type="NoneType"):
            return
        case _:
            yield ANYTHING

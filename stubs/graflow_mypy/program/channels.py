"""The channels of a program: their owner, kind and schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from graflow_mypy.program.contexts import Contexts
from graflow_mypy.program.functions import function_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import (
    External,
    Given,
    OfGraflow,
    ProgramClass,
    ProgramFunction,
    Resolved,
    Unresolved,
)
from graflow_mypy.program.types.ancestry import (
    BACKENDS,
    CONTEXTS,
    Ancestry,
    is_of_the_standard_library,
)
from graflow_mypy.source.terms import (
    ANY,
    Attribute,
    BitOr,
    Call,
    Constant,
    Declared,
    Face,
    Item,
    Lax,
    Name,
    OneOf,
    Parameter,
    RunChannel,
    Subscript,
    Term,
    Unknown,
)

__all__ = ["NO_CHANNEL", "UNKNOWN", "Receiver", "Receivers", "Whose"]

_KIND_OF = {
    "AsyncKeyedChannel": "keyed",
    "AsyncKeysChannel": "declared",
    "AsyncTypedChannel": "typed",
    "KeyedChannel": "keyed",
    "KeysChannel": "declared",
    "TypedChannel": "typed",
}
_TRANSACTIONS = {"AsyncTransaction", "Transaction"}
_PLAIN = BACKENDS | _TRANSACTIONS
_CONTEXTS = set(map(OfGraflow, CONTEXTS))
_WRAPPERS = {"Optional", "Annotated", "Final", "Union", "ClassVar"}
_OPEN = ("typing", "builtins.object")  # `Any`, `object` and the like
_CONTAINERS = {"Dict", "List", "Mapping", "Sequence", "defaultdict", "deque", "dict", "list"}
_TRUE = Constant("True", "bool")
_DEEPEST = 15

Whose: TypeAlias = Literal["run", "given", "other", "unknown", "none"]
"""Whose channel something is; `Receiver` has what each means."""


@dataclass(frozen=True)
class Receiver:
    """What the receiver of a method call is.

    Attributes:
        where: `run`: the channel of a run. `given`: a channel that somebody handed over.
            `other`: a channel that the program made. `unknown`: perhaps a channel. `none`: no
            channel.
        kind: `plain`, `typed`, `keyed` or `declared`; empty where that is not known.
        schema: The term of the schema; `ANY` for others.
        is_lax: Whether it converts values to its schema.
    """

    where: Whose
    kind: str = ""
    schema: Term = ANY
    is_lax: bool = False


UNKNOWN = Receiver("unknown")
NO_CHANNEL = Receiver("none")
_NO_RUN = {"unknown": UNKNOWN, "none": NO_CHANNEL}


class Receivers:
    """Answers about the expressions of one program."""

    def __init__(self, program: Program) -> None:
        """Answers are kept for the next time."""
        self._program = program
        self._ancestry = Ancestry(program)
        self._contexts = Contexts(program, self._ancestry)
        self._named: dict[str, Receiver] = {}
        self._of_runs = frozenset[str]()
        self._of_runs = frozenset(self._given_by_runs())

    def of(self, term: Term, depth: int = 0) -> Receiver:
        """Return what a term is."""
        if depth > _DEEPEST:
            return UNKNOWN
        match term:
            case RunChannel(kind, schema, owner):
                origin = self._contexts.origin(owner)
                return _NO_RUN.get(origin) or _seen_through("run", kind, schema)
            case Name(dotted):
                return self._name(dotted, depth)
            case Declared():
                return self._declared(term, depth)
            case Call():
                return self._called(term, depth)
            case OneOf(choices):
                return _one_of([self.of(each, depth + 1) for each in choices])
            case Attribute():
                return self._attribute(term, depth)
            case Face(owner, kind, schema):
                found = self.of(owner, depth + 1)
                is_plain = found.kind == "plain"
                return _seen_through(found.where, kind, schema) if is_plain else UNKNOWN
            case Unknown() | Parameter() | Subscript() | Item():
                return self._item(term.base, depth + 1) if isinstance(term, Subscript) else UNKNOWN
            case _:
                return NO_CHANNEL

    def _attribute(self, term: Attribute, depth: int) -> Receiver:
        found = UNKNOWN
        if term.name in {"aio", "channel"}:
            found = self._other_face(self.of(term.owner, depth + 1), term.name)
        return self._property(term, depth) if found is UNKNOWN else found

    def _property(self, term: Attribute, depth: int) -> Receiver:
        """Return what an attribute is that is a property of a class of the program."""
        found = function_of(term, self._program)
        if found is None or found.module in self._program.others:
            return UNKNOWN
        note = self._program.function_note(found)
        is_property = note.kind == "property" and note.returns != ANY
        return self._annotation(note.returns, depth + 1) if is_property else UNKNOWN

    def _other_face(self, found: Receiver, name: str) -> Receiver:
        """Return what an attribute of a channel is: its face on an event loop, or what is below."""
        if name == "aio":
            return found
        return Receiver(found.where, "plain") if found.kind else UNKNOWN

    def is_of_run(self, context: Term) -> bool:
        """Tell whether a term is the context of a run of the program."""
        return self._contexts.origin(context) == "run"

    def own_backends(self) -> Iterator[ProgramClass]:
        """Yield the classes of the program whose instances are channels besides those of runs."""
        return self._ancestry.backends()

    def _item(self, base: Term, depth: int) -> Receiver:
        """Return what an item of a container is, as far as the type of the container says so."""
        match base:
            case Name(dotted):
                found = self._program.resolve(dotted)
                return self._item(found.term, depth + 1) if isinstance(found, Given) else UNKNOWN
            case Declared(Subscript(container, arguments)):
                is_container = self._program.tail(container) in _CONTAINERS
                return self._annotation(arguments[-1], depth + 1) if is_container else UNKNOWN
            case _:
                return UNKNOWN

    def reaches(self, term: Term) -> bool:
        """Tell whether who gets a term can write: it is a channel, or the context of a run."""
        if self.of(term).where in {"run", "given"}:
            return True
        match term:
            case Declared(Name(dotted)):
                return self._program.resolve(dotted) in _CONTEXTS
            case _:
                return False

    def _name(self, dotted: str, depth: int) -> Receiver:
        found = self._named.get(dotted)
        if found is None:
            self._named[dotted] = UNKNOWN
            match self._program.resolve(dotted):
                case Given(term):
                    found = self.of(term, depth + 1)
                case External() | Unresolved():
                    owner, _, last = dotted.rpartition(".")
                    found = self._name(owner, depth + 1) if last == "aio" and owner else UNKNOWN
                case _:
                    found = NO_CHANNEL
            self._named[dotted] = found
        return found

    def _given_by_runs(self) -> Iterator[str]:
        """Yield the full names of the functions that get transactions of runs."""
        passed: dict[str, list[str]] = {}
        waiting = []
        for notes in self._program.files.values():
            for note in notes.uses:
                if note.operation != "given":
                    continue
                if giver := self._giver(note.receiver):
                    passed.setdefault(giver, []).append(self._full_name(note.key))
                elif self.of(note.receiver).where == "run":
                    waiting.append(self._full_name(note.key))
        found = {""}
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += passed.get(name, ())
                yield name

    def _giver(self, term: Term) -> str:
        """Return the full name of the function that has a transaction as a parameter, if it is."""
        match term:
            case Declared(Name(dotted), Parameter(function)):
                match self._program.resolve(dotted):
                    case OfGraflow(name) if name in _TRANSACTIONS:
                        return function
                return ""
            case _:
                return ""

    def _full_name(self, function: Term) -> str:
        """Return the name that a function has where it is defined; empty if it is unknown."""
        found = function_of(function, self._program)
        if found is not None:
            return f"{found.module}.{found.name}"
        return self._program.home(function.dotted) if isinstance(function, Name) else ""

    def _declared(self, term: Declared, depth: int) -> Receiver:
        if self._giver(term) in self._of_runs:
            return Receiver("run", "plain")
        found = self._annotation(term.annotation, depth + 1)
        is_told = found is not UNKNOWN or term.value == ANY
        return found if is_told else self.of(term.value, depth + 1)

    def _annotation(self, term: Term, depth: int) -> Receiver:
        if depth > _DEEPEST:
            return UNKNOWN
        match term:
            case BitOr(left, right):
                parts = [self._annotation(each, depth + 1) for each in (left, right)]
                channels = [each for each in parts if each is not NO_CHANNEL]
                return _one_of(channels) if channels else NO_CHANNEL
            case Subscript():
                return self._generic(term, depth)
            case Constant():
                return NO_CHANNEL
            case Name(dotted):
                return self._annotated(self._program.resolve(dotted), depth)
            case _:
                return UNKNOWN

    def _annotated(self, found: Resolved, depth: int) -> Receiver:
        match found:
            case OfGraflow(name):
                return Receiver("given", "plain") if name in _PLAIN else _bare(name)
            case Given(term):
                return self._annotation(term, depth + 1)
            case External():
                return _of_another_package(found)
            case _:
                return UNKNOWN

    def _generic(self, term: Subscript, depth: int) -> Receiver:
        name = self._program.tail(term.base)
        if name in _KIND_OF:
            return Receiver("given", _KIND_OF[name], term.arguments[0])
        if name in _WRAPPERS:
            return self._annotation(term.arguments[0], depth + 1)
        base = term.base
        found = self._program.resolve(base.dotted) if isinstance(base, Name) else Given(base)
        return _of_another_package(found)

    def _called(self, call: Call, depth: int) -> Receiver:
        function = call.function
        while isinstance(function, Subscript):
            function = function.base
        if not isinstance(function, Name):
            return UNKNOWN
        match self._program.resolve(function.dotted):
            case OfGraflow(name):
                return self._made(name, call, depth)
            case ProgramClass(_, name) as found:
                may_be_one = name.endswith("Channel") or self._ancestry.of(found).is_channel
                return UNKNOWN if may_be_one else NO_CHANNEL
            case ProgramFunction() as found:
                note = self._program.function_note(found)
                return UNKNOWN if note.kind else self._annotation(note.returns, depth + 1)
            case External("typing.cast") if call.arguments:
                return self._annotation(call.arguments[0], depth + 1)
            case External(name) as found:
                last = name.rpartition(".")[2]
                is_class = last[:1].isupper() or last in _CONTAINERS
                return _of_another_package(found) if is_class else UNKNOWN
            case _:
                return UNKNOWN

    def _made(self, name: str, call: Call, depth: int) -> Receiver:
        if name in _PLAIN:
            return Receiver("other", "plain")
        if name not in _KIND_OF:
            return UNKNOWN if name == "ChannelFactory" else NO_CHANNEL
        inner = self.of(call.argument(0, "channel") or ANY, depth + 1)
        where = inner.where if inner.where in {"run", "given"} else "other"
        schema = call.argument(1, "schema") or ANY
        is_lax = dict(call.named).get("strict", _TRUE) != _TRUE
        return Receiver(where, _KIND_OF[name], schema, is_lax)


def _seen_through(where: Whose, kind: str, schema: Term) -> Receiver:
    """Return a channel with a schema in front of it."""
    if isinstance(schema, Lax):
        return Receiver(where, kind, schema.schema, is_lax=True)
    return Receiver(where, kind, schema)


def _of_another_package(found: Resolved) -> Receiver:
    """Return what a type of another package has as its instances: what is unknown may be one."""
    is_open = isinstance(found, External) and found.name.startswith(_OPEN)
    return NO_CHANNEL if is_of_the_standard_library(found) and not is_open else UNKNOWN


def _bare(name: str) -> Receiver:
    return Receiver("given", _KIND_OF[name], ANY) if name in _KIND_OF else NO_CHANNEL


def _one_of(receivers: Sequence[Receiver]) -> Receiver:
    if all(each == receivers[0] for each in receivers):
        return receivers[0]
    channels = [each for each in receivers if each.where != "none"]
    return UNKNOWN if len(channels) != 1 else channels[0]

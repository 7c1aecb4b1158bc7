"""Contexts: whether that whose `get_channel()` is called is the context of a run."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graflow_mypy.program.functions import function_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import (
    External,
    Given,
    OfGraflow,
    ProgramClass,
    ProgramFunction,
)
from graflow_mypy.program.types.ancestry import CONTEXTS, Ancestry, is_of_the_standard_library
from graflow_mypy.source.expressions import CHANNEL_GETTERS
from graflow_mypy.source.terms import (
    ANY,
    Attribute,
    BitOr,
    Call,
    Constant,
    Declared,
    Name,
    OneOf,
    Subscript,
    Term,
)

__all__ = ["Contexts", "Origin"]

Origin: TypeAlias = Literal["run", "unknown", "none"]
"""`run`: the context of a run. `unknown`: perhaps one. `none`: something else."""

_WRAPPERS = {"Annotated", "ClassVar", "Final", "Optional", "Union"}
_DEEPEST = 15


class Contexts:
    """Answers about what has a `get_channel()` in one program."""

    def __init__(self, program: Program, ancestry: Ancestry) -> None:
        """Look for classes of the program that have such a method without being contexts."""
        self._program = program
        self._ancestry = ancestry
        is_shared = any(
            not CHANNEL_GETTERS.keys().isdisjoint(note.others)
            and self._of_class(ProgramClass(module, name)) != "run"
            for module, notes in program.files.items()
            for name, note in notes.classes.items()
        )
        self._default: Origin = "unknown" if is_shared else "run"

    def origin(self, owner: Term, depth: int = 0) -> Origin:
        """Return what the owner of a `get_channel` is."""
        if depth > _DEEPEST:
            return "unknown"
        match owner:
            case Declared(annotation, value):
                found = self._annotated(annotation, depth + 1)
                return found or self.origin(value, depth + 1)
            case Name(dotted):
                return self._named(dotted, depth)
            case Call(function):
                return self._called(function, depth)
            case Attribute() if (returns := self._of_property(owner)) != ANY:
                return self._annotated(returns, depth + 1) or self._default
            case Attribute(inner) | Subscript(inner):
                # Only what comes from another package has attributes that may be anything.
                return "unknown" if self._is_unknown(inner, depth) else self._default
            case OneOf(choices):
                return _any_of({self.origin(each, depth + 1) for each in choices})
            case _:
                return self._default

    def _of_property(self, term: Attribute) -> Term:
        """Return what a property of a class of the program says that it is."""
        found = function_of(term, self._program)
        if found is None or found.module in self._program.others:
            return ANY
        note = self._program.function_note(found)
        return note.returns if note.kind == "property" else ANY

    def _is_unknown(self, inner: Term, depth: int) -> bool:
        return inner != ANY and self.origin(inner, depth + 1) == "unknown"

    def _named(self, dotted: str, depth: int) -> Origin:
        match self._program.resolve(dotted):
            case Given(term):
                return self.origin(term, depth + 1)
            case External():
                return "unknown"
            case _:
                return self._default

    def _called(self, function: Term, depth: int) -> Origin:
        while isinstance(function, Subscript):
            function = function.base
        if not isinstance(function, Name):
            return self.origin(Attribute(function, ""), depth + 1)
        match self._program.resolve(function.dotted):
            case ProgramClass() as found:
                return self._of_class(found)
            case ProgramFunction(module) if module in self._program.others:
                return "unknown"
            case ProgramFunction() as found:
                returns = self._program.function_note(found).returns
                return self._annotated(returns, depth + 1) or self._default
            case External("typing.cast"):
                return self._default
            case External():
                return "unknown"
            case _:
                return self._default

    def _annotated(self, term: Term, depth: int) -> Origin | None:
        """Return what an annotation says; nothing, where it does not tell."""
        if depth > _DEEPEST:
            return "unknown"
        match term:
            case BitOr(left, right):
                found = {self._annotated(each, depth + 1) for each in (left, right)}
                return None if None in found else _any_of({each for each in found if each})
            case Subscript(base, arguments) if self._program.tail(base) in _WRAPPERS:
                return self._annotated(arguments[0], depth + 1)
            case Subscript(base):
                return self._annotated(base, depth + 1)
            case Constant(type="NoneType"):
                return "none"
            case Name(dotted):
                return self._of_annotation(dotted, depth)
            case _:
                return None

    def _of_annotation(self, dotted: str, depth: int) -> Origin | None:
        match self._program.resolve(dotted):
            case OfGraflow(name):
                return "run" if name in CONTEXTS else None
            case ProgramClass() as found:
                return self._of_class(found)
            case Given(term):
                return self._annotated(term, depth + 1)
            case External() as found:
                return None if is_of_the_standard_library(found) else "unknown"
            case _:
                return None

    def _of_class(self, found: ProgramClass) -> Origin:
        ancestors = self._ancestry.of(found)
        if not ancestors.of_graflow.isdisjoint(CONTEXTS):
            return "run"
        is_protocol = any(
            self._program.tail(base.base if isinstance(base, Subscript) else base) == "Protocol"
            for base in self._program.class_note(found).bases
        )
        return "none" if ancestors.are_known and not is_protocol else "unknown"


def _any_of(found: set[Origin]) -> Origin:
    """Return what one of several is; what is no context gives no channel."""
    return "unknown" if "unknown" in found else "run" if "run" in found else "none"

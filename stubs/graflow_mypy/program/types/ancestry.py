"""Ancestry: the classes that a class of the program is derived from, as far as that is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import External, Given, OfGraflow, ProgramClass, Resolved
from graflow_mypy.source.terms import Name, Subscript, Term

__all__ = ["BACKENDS", "CONTEXTS", "FACES", "Ancestors", "Ancestry", "is_of_the_standard_library"]

BACKENDS: Final = frozenset(
    {"AsyncChannel", "Channel", "MemoryChannel", "RedisChannel", "SQLiteChannel"}
)
"""The classes of channels that hold something of their own."""

FACES: Final = frozenset({"AsyncKeyedChannel", "AsyncTypedChannel", "KeyedChannel", "TypedChannel"})
"""The classes of channels that are put in front of another channel."""

CONTEXTS: Final = frozenset({"ExecutionContext", "TaskExecutionContext"})
"""The classes that give the channel of a run."""

_PASS_ON: Final = frozenset({"__getattr__", "__getattribute__"})
_DEEPEST: Final = 15


@dataclass(frozen=True, slots=True)
class Ancestors:
    """The ancestors of a class.

    Attributes:
        of_graflow: The names of those that the library has.
        are_known: Whether there are certainly no others that may be a channel or a context, and
            none passes on what it does not have.
    """

    of_graflow: frozenset[str]
    are_known: bool

    @property
    def is_channel(self) -> bool:
        """Whether instances may be channels."""
        return not self.are_known or not self.of_graflow.isdisjoint(BACKENDS | FACES)

    @property
    def is_backend(self) -> bool:
        """Whether instances are channels that hold something of their own."""
        return not self.of_graflow.isdisjoint(BACKENDS)


_UNKNOWN = Ancestors(frozenset(), are_known=False)
_NONE = Ancestors(frozenset(), are_known=True)


class Ancestry:
    """The ancestors of all classes of a program."""

    def __init__(self, program: Program) -> None:
        """Answers are kept for the next time."""
        self._program = program
        self._known: dict[ProgramClass, Ancestors] = {}

    def of(self, found: ProgramClass) -> Ancestors:
        """Return the ancestors of a class."""
        known = self._known.get(found)
        if known is None:
            self._known[found] = _NONE  # while it is looked at: a base of itself is an error
            known = self._known[found] = self._joined(found)
        return known

    def _joined(self, found: ProgramClass) -> Ancestors:
        note = self._program.class_note(found)
        parts = [self._of_base(base) for base in note.bases]
        return Ancestors(
            frozenset[str]().union(*(each.of_graflow for each in parts)),
            all(each.are_known for each in parts) and _PASS_ON.isdisjoint(note.others),
        )

    def _of_base(self, base: Term, depth: int = 0) -> Ancestors:
        while isinstance(base, Subscript):
            base = base.base
        if not isinstance(base, Name) or depth > _DEEPEST:
            return _UNKNOWN
        match self._program.resolve(base.dotted):
            case OfGraflow(name):
                return Ancestors(frozenset({name}), are_known=True)
            case ProgramClass() as found:
                return self.of(found)
            case Given(term):
                return self._of_base(term, depth + 1)
            case External() as found if is_of_the_standard_library(found):
                return _NONE
            case _:
                return _UNKNOWN

    def backends(self) -> Iterator[ProgramClass]:
        """Yield the classes of the program that are channels with something of their own."""
        for module, notes in self._program.files.items():
            for name in notes.classes:
                found = ProgramClass(module, name)
                if self.of(found).is_backend:
                    yield found


def is_of_the_standard_library(found: Resolved) -> bool:
    """Tell whether something comes with Python, where nothing is a channel."""
    if not isinstance(found, External):
        return False
    return found.name.partition(".")[0] in sys.stdlib_module_names | {"typing_extensions"}

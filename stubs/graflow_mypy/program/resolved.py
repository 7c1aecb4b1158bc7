"""Meanings of full names: of the library, of the program, or of other packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from graflow_mypy.source.terms import Term

__all__ = [
    "External",
    "Given",
    "OfGraflow",
    "ProgramClass",
    "ProgramFunction",
    "Resolved",
    "Unresolved",
]


@dataclass(frozen=True, slots=True)
class OfGraflow:
    """Something of the library."""

    name: str


@dataclass(frozen=True, slots=True, order=True)
class ProgramClass:
    """A class of the program, which is also the form of its instances.

    Attributes:
        module: Where it is defined.
        name: Its dotted name in the module.
    """

    tag: ClassVar[Literal["class"]] = "class"
    module: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class ProgramFunction:
    """A function of the program.

    Attributes:
        module: Where it is defined.
        name: Its dotted name in the module.
    """

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Given:
    """The term that a name was given."""

    term: Term


@dataclass(frozen=True, slots=True)
class External:
    """Something of another package."""

    name: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A full name that the program doesn't define."""

    name: str


Resolved: TypeAlias = OfGraflow | ProgramClass | ProgramFunction | Given | External | Unresolved
"""What a full name stands for."""

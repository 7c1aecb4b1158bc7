"""Functions: those of the program that a term names, methods included."""

from __future__ import annotations

from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import Given, ProgramClass, ProgramFunction, Unresolved
from graflow_mypy.source.terms import Attribute, Call, Declared, Name, Term

__all__ = ["function_of"]

_DEEPEST = 10


def function_of(term: Term, program: Program) -> ProgramFunction | None:
    """Return the function that a term names, a method included."""
    match term:
        case Name(dotted):
            found = program.resolve(dotted)
            if isinstance(found, ProgramFunction):
                return found
            owner, _, method = dotted.rpartition(".")
            is_unknown = isinstance(found, Unresolved) and owner
            return _method(Name(owner), method, program) if is_unknown else None
        case Attribute(its_owner, name):
            return _method(its_owner, name, program)
        case _:
            return None


def _method(owner: Term, method: str, program: Program, depth: int = 0) -> ProgramFunction | None:
    """Return a method of a class, or of an instance of it, inherited ones included."""
    while isinstance(owner, Declared | Call):
        owner = owner.annotation if isinstance(owner, Declared) else owner.function
    found = program.resolve(owner.dotted) if isinstance(owner, Name) else None
    if isinstance(found, Given):
        return _method(found.term, method, program)
    if isinstance(found, ProgramFunction) and depth < _DEEPEST:
        note = program.function_note(found)
        return None if note.kind else _method(note.returns, method, program, depth + 1)
    if not isinstance(found, ProgramClass):
        return None
    name = f"{found.name}.{method}"
    if name in program.notes(found.module).functions:
        return ProgramFunction(found.module, name)
    inherited = (_method(base, method, program) for base in program.class_note(found).bases)
    return next((each for each in inherited if each is not None), None)

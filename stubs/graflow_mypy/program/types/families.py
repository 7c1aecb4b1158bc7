"""Families: a class with the classes derived from it, whose constants an instance may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from graflow_mypy.program.resolved import External, Given, ProgramClass
from graflow_mypy.source.rebindings import OF_AN_INSTANCE
from graflow_mypy.source.terms import ANY, Name, Subscript, Term

if TYPE_CHECKING:
    from graflow_mypy.program.program import Program

__all__ = ["constants_of", "families"]

_UNKNOWN = (ANY,)
_PLAIN: Final = {
    *("abc.ABC", "builtins.Exception", "builtins.object", "threading.Thread"),
    *("typing.Generic", "typing.Protocol"),
}
_DEEPEST: Final = 15


def constants_of(dotted: str, name: str, program: Program) -> Sequence[Term]:
    """Return all that a constant of a class may be for an instance of it; at least one term.

    Args:
        dotted: The full name of the class.
        name: That of the constant.
        program: The program.
    """
    family = program.family(dotted)
    is_constant = bool(family) and (name.isupper() or _is_class_var(family[0], name, program))
    if not is_constant or program.is_changed(f"{OF_AN_INSTANCE}{name}"):
        return _UNKNOWN
    found: list[Term] = []
    for each in family:
        note = program.class_note(each)
        given = program.resolve(f"{each.module}.{each.name}.{name}")
        if note.is_twice or not isinstance(given, Given) or not _is_plain(each, program):
            return _UNKNOWN
        found.append(given.term)
    return found


def _is_plain(found: ProgramClass, program: Program, depth: int = 0) -> bool:
    """Tell whether what a class has is what its body says, for all of its instances."""
    note = program.class_note(found)
    if note.decorators or note.keywords or depth > _DEEPEST:
        return False
    for base in note.bases:
        base = base.base if isinstance(base, Subscript) else base
        match program.resolve(base.dotted) if isinstance(base, Name) else None:
            case ProgramClass() as above if _is_plain(above, program, depth + 1):
                continue
            case External(name) if name in _PLAIN:
                continue
            case _:
                return False
    return True


def _is_class_var(owner: ProgramClass, name: str, program: Program, depth: int = 0) -> bool:
    """Tell whether a class, or a base of it, says that no instance has an attribute of its own."""
    note = program.class_note(owner)
    if name in note.fields:
        annotation = note.fields[name].annotation
        base = annotation.base if isinstance(annotation, Subscript) else annotation
        return program.tail(base) == "ClassVar"
    bases = (program.resolve(each.dotted) for each in note.bases if isinstance(each, Name))
    above = [each for each in bases if isinstance(each, ProgramClass)]
    return depth < _DEEPEST and any(_is_class_var(each, name, program, depth + 1) for each in above)


def families(program: Program) -> Mapping[ProgramClass, Sequence[ProgramClass]]:
    """Return, for each class of a program, itself and all classes derived from it."""
    derived: dict[ProgramClass, list[ProgramClass]] = {}
    for module, notes in program.files.items():
        for name, note in notes.classes.items():
            derived.setdefault(found := ProgramClass(module, name), [])
            for base in note.bases:
                base = base.base if isinstance(base, Subscript) else base
                of_base = program.resolve(base.dotted) if isinstance(base, Name) else None
                if isinstance(of_base, ProgramClass):
                    derived.setdefault(of_base, []).append(found)
    return {each: _with_all_below(each, derived) for each in derived}


def _with_all_below(
    top: ProgramClass, derived: Mapping[ProgramClass, Sequence[ProgramClass]]
) -> Sequence[ProgramClass]:
    found = [top]
    for each in found:  # which grows meanwhile
        found += [below for below in derived.get(each, ()) if below not in found]
    return found

"""Constants whose text or items the plugin relies on, though any file may change them.

Looking everywhere for changes to any name would take too long. Once the program has been scanned it
is known which names matter, and only the files that may change one of them are scanned again.
"""

from __future__ import annotations

from collections.abc import Iterator

from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import Given
from graflow_mypy.source.notes import FileNotes
from graflow_mypy.source.terms import (
    Attribute,
    Call,
    Declared,
    DictDisplay,
    Display,
    Name,
    Term,
    Text,
    names_in,
    terms_in,
)

__all__ = ["names_to_watch"]


def names_to_watch(program: Program) -> list[list[str]]:
    """Return the names of the constants of consequence: those of texts, and those of mappings."""
    homes: dict[str, bool] = {}
    for notes in program.files.values():
        for term in _of_consequence(notes):
            if not isinstance(term, Text):
                _follow(term, program, homes)
                _follow_instances(term, program, homes)
    if not homes:
        return [[], []]
    names = {home.rpartition(".")[2]: is_mapping for home, is_mapping in homes.items()}
    for module, notes in program.files.items():
        for name, term in notes.names.items():
            is_another = isinstance(term, Name) and term.last != name
            home = program.home(f"{module}.{name}") if is_another else ""
            if home in homes:
                names[name] = names.get(name, False) or homes[home]
    return [sorted(each for each in names if names[each] is kind) for kind in (False, True)]


def _of_consequence(notes: FileNotes) -> Iterator[Term]:
    """Yield the terms of keys, of ids and of what runs start with."""
    yield from (use.key for use in notes.uses)
    yield from (result.asked for result in notes.results)
    yield from (instance.task_id for instance in notes.instances)
    yield from (task.task_id for task in notes.tasks)
    yield from (each.mapping for each in notes.initial)
    for function in notes.functions.values():
        yield from function.decorators


def _follow(term: Term, program: Program, homes: dict[str, bool]) -> None:
    """Add the constants that a term is made of: full names, and which of them are mappings."""
    for name in names_in(term):
        home = program.home(name).removesuffix(".value")  # of an enum
        found = program.resolve(name)
        if isinstance(found, Given) and home not in homes:
            homes[home] = _may_grow(found.term)
            _follow(found.term, program, homes)


def _follow_instances(term: Term, program: Program, homes: dict[str, bool]) -> None:
    """Add the constants of classes that instances of them are asked for, and those classes.

    A class matters as a mapping does: others may derive from it, and have another constant.
    """
    for inner in terms_in(term):
        match inner:
            case Attribute(Declared(Name(dotted)), name):
                homes[program.home(f"{dotted}.{name}")] = False
                for found in program.family(dotted):
                    homes[f"{found.module}.{found.name}"] = True


def _may_grow(term: Term) -> bool:
    """Tell whether a constant is a collection that may get more items."""
    match term.value if isinstance(term, Declared) else term:
        case Call(Name("builtins.dict" | "builtins.list" | "builtins.set")) | DictDisplay():
            return True
        case Display(kind):
            return kind != "tuple"
        case _:
            return False

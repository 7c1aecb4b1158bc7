"""Constants whose text or items the plugin relies on, though any file may change them.

To look everywhere for what changes any name takes too long. Which names matter is known when the
program was scanned once; files in which one of those may be changed are scanned again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graflow_mypy.program.program import Program
from graflow_mypy.source.notes import Record
from graflow_mypy.source.terms import Term

__all__ = ["names_to_watch"]


def names_to_watch(program: Program) -> list[list[str]]:
    """Return the names of the constants of consequence: those of texts, and those of mappings."""
    homes: dict[str, bool] = {}
    for record in program.records.values():
        for term in _of_consequence(record):
            if term[0] != "s":
                _follow(term, program, homes)
    if not homes:
        return [[], []]
    names = {home.rpartition(".")[2]: is_mapping for home, is_mapping in homes.items()}
    for module, record in program.records.items():
        for name, term in record.get("names", {}).items():
            is_another = term[0] == "r" and term[1].rpartition(".")[2] != name
            home = program.home(f"{module}.{name}") if is_another else ""
            if home in homes:
                names[name] = names.get(name, False) or homes[home]
    return [sorted(each for each in names if names[each] is kind) for kind in (False, True)]


def _of_consequence(record: Record) -> Iterator[Term]:
    """Yield the terms of keys, of ids and of what runs start with."""
    yield from (use[2] for use in record.get("uses", ()))
    yield from (result[0] for result in record.get("results", ()))
    yield from (instance[1] for instance in record.get("instances", ()))
    yield from (task[2] for task in record.get("tasks", ()))
    yield from record.get("initial", ())
    for _, _, decorators, _ in record.get("functions", {}).values():
        yield from decorators


def _follow(term: Term, program: Program, homes: dict[str, bool]) -> None:
    """Add the constants that a term is made of: full names, and which of them are mappings."""
    for name in _names_in(term):
        home = program.home(name).removesuffix(".value")  # of an enum
        found = program.resolve(name)
        if found[0] == "term" and home not in homes:
            homes[home] = _is_mapping(found[1])
            _follow(found[1], program, homes)


def _is_mapping(term: Term) -> bool:
    value = term[2] if term[0] == "t" else term
    return bool(value[0] == "d" or (value[0] == "f" and value[1] == ["r", "builtins.dict"]))


def _names_in(term: Any) -> Iterator[str]:
    if isinstance(term, dict):
        term = list(term.values())
    if isinstance(term, list):
        if term[:1] == ["r"]:
            yield term[1]
        else:
            for part in term:
                yield from _names_in(part)

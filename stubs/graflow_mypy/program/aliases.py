"""Aliases: the other names that a program has for the decorator `task`.

A file is scanned for the word `task`; where `step = task` stands in one file, the files that
import `step` have to be scanned for that.
"""

from __future__ import annotations

from graflow_mypy.program.program import Program
from graflow_mypy.source.terms import Call, Name, Term, Text

__all__ = ["task_aliases"]


def task_aliases(program: Program) -> list[str]:
    """Return the full names, other than `task`, that stand for it or for `task(...)`."""
    known: set[str] = set()
    waiting = {}
    for module, notes in program.files.items():
        for name, term in notes.names.items():
            target = _stands_for(term)
            if not target or name.rpartition(".")[2] == "task":
                continue
            if target.rpartition(".")[2] == "task" and program.is_task(Name(target)):
                known.add(f"{module}.{name}")
            else:
                waiting[f"{module}.{name}"] = target
    while found := {name for name, target in waiting.items() if target in known} - known:
        known |= found
    return sorted(known)


def _stands_for(term: Term) -> str:
    """Return the name that a name stands for, or that it calls to make a decorator."""
    if isinstance(term, Call) and all(isinstance(each, Text) for each in term.arguments):
        term = term.function
    return term.dotted if isinstance(term, Name) else ""

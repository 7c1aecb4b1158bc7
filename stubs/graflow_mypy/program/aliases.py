"""Aliases: the other names that a program has for the decorator `task`.

A file is scanned for the word `task`; where `step = task` stands in one file, the files that
import `step` have to be scanned for that.
"""

from __future__ import annotations

from graflow_mypy.program.program import Program
from graflow_mypy.source.terms import Term

__all__ = ["task_aliases"]


def task_aliases(program: Program) -> list[str]:
    """Return the full names, other than `task`, that stand for it or for `task(...)`."""
    known: set[str] = set()
    waiting = {}
    for module, record in program.records.items():
        for name, term in record.get("names", {}).items():
            target = _stands_for(term)
            if not target or name.rpartition(".")[2] == "task":
                continue
            if target.rpartition(".")[2] == "task" and program.is_task(["r", target]):
                known.add(f"{module}.{name}")
            else:
                waiting[f"{module}.{name}"] = target
    while found := {name for name, target in waiting.items() if target in known} - known:
        known |= found
    return sorted(known)


def _stands_for(term: Term) -> str:
    """Return the name that a name stands for, or that it calls to make a decorator."""
    called = term[1] if term[0] == "f" and all(each[0] == "s" for each in term[2]) else term
    return str(called[1]) if called[0] == "r" else ""

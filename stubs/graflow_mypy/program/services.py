"""Services: which modules may run together, where a folder holds several programs.

The modules below one base folder belong together, with those of all bases that they import from.
Two bases that nothing imports together, such as two services in one repository, are two programs:
they may use one key for different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graflow_mypy.source.notes import FileNotes

__all__ = ["Services"]


class Services:
    """The programs that the modules make up.

    Attributes:
        groups: The modules of each program; a module may belong to several.
    """

    def __init__(self, bases: Mapping[str, str], files: Mapping[str, FileNotes]) -> None:
        """Follow the imports from base to base.

        Args:
            bases: The base folder of each module; one that is missing belongs to no program.
            files: The notes by the names of modules.
        """
        modules: dict[str, set[str]] = {}
        for module in bases.keys() & files.keys():
            modules.setdefault(bases[module], set()).add(module)
        needs = _needs(modules, files)
        reached = {frozenset(_reached(base, needs)) for base in modules}
        largest = [each for each in reached if not any(each < other for other in reached)]
        self.groups = [
            frozenset(module for base in group for module in modules[base])
            for group in sorted(largest, key=sorted)
        ]

    def may_run_together(self, one: str, other: str) -> bool:
        """Tell whether two modules belong to one program."""
        return one == other or any(one in group and other in group for group in self.groups)


def _needs(
    modules: Mapping[str, set[str]], files: Mapping[str, FileNotes]
) -> dict[str, frozenset[str]]:
    """Return the bases that each base imports from."""
    tops = {base: set(map(_top, inside)) for base, inside in modules.items()}
    found = {}
    for base, inside in modules.items():
        imported = {top for module in inside for top in files[module].imports} - tops[base]
        found[base] = frozenset(other for other in tops if not imported.isdisjoint(tops[other]))
    return found


def _reached(base: str, needs: Mapping[str, frozenset[str]]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [base]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += needs[each]
            yield each


def _top(module: str) -> str:
    return module.partition(".")[0].partition("#")[0]

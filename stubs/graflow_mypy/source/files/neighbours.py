"""Neighbours: modules that the program imports from elsewhere, and that may use the library.

What a package that never mentions graflow does is of no concern. Of one that does, the keys that it
writes and the tasks that it makes are known, but never judged: somebody else checks it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, filterfalse
from pathlib import Path
from typing import Final

from mypy.modulefinder import get_search_dirs
from mypy.options import Options

from graflow_mypy.options import PluginOptions, is_whole_file_system
from graflow_mypy.source.files.discovery import NEVER, Source, import_roots
from graflow_mypy.source.files.reading import Unread, read_source

__all__ = ["Neighbours", "find_neighbours", "imported_tops"]

_OURS: Final = frozenset({"graflow", "graflow_mypy", "graflow_pytest"})
_IMPORT: Final = re.compile(rb"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+(\w[^#\n;]*))", re.MULTILINE)
_INSTALLED: Final = frozenset({"dist-packages", "site-packages"})


@dataclass(slots=True)
class Neighbours:
    """The files of neighbours.

    Attributes:
        sources: Those that may use the library.
        far: The installed packages that do not: when each was changed, by its path.
    """

    sources: list[Source] = field(default_factory=list)
    far: dict[str, int] = field(default_factory=dict)


def imported_tops(source: bytes) -> list[str]:
    """Return the first parts of the names of the modules of other packages that a file imports."""
    found: set[str] = set()
    for start, several in _IMPORT.findall(source):
        for each in [start] if start else several.split(b","):
            found.add(each.strip().partition(b".")[0].partition(b" ")[0].decode())
    return sorted(found - _OURS - sys.stdlib_module_names)


def find_neighbours(
    tops: Collection[str],
    known: Collection[str],
    options: Options,
    mine: PluginOptions,
    far: Mapping[str, int],
) -> Neighbours:
    """Return the files of what the program imports from elsewhere.

    Args:
        tops: The first parts of the names of all modules that it imports.
        known: The names of the program's own modules.
        options: Where mypy looks for modules.
        mine: Which files are left out.
        far: What was found out about installed packages the last time.
    """
    found = Neighbours()
    modules = set(known)
    for top in sorted(set(tops) - modules):
        for base, path in _places(top, options):
            if not _may_use_it(path, far, found.far):
                continue
            # What mypy is to leave out may be a virtual environment as a whole.
            excludes = [*mine.exclude, *([] if _is_installed(path) else options.exclude)]
            for source in _sources(base, path):
                if source.module not in modules and not _is_excluded(source.path, excludes):
                    modules.add(source.module)
                    found.sources.append(source)
    return found


def _places(top: str, options: Options) -> Iterator[tuple[str, str]]:
    """Yield the folders or the file of a package: several, if it is a namespace."""
    here = filterfalse(is_whole_file_system, [os.getcwd(), *import_roots(options)])  # noqa: PTH109
    for base in dict.fromkeys(chain(here, *get_search_dirs(options.python_executable))):
        path = os.path.join(base, top)  # noqa: PTH118 - mypy's search works on text
        if os.path.isdir(path):  # noqa: PTH112
            yield base, path
            if any(os.path.isfile(f"{path}/__init__.{end}") for end in ("py", "pyi")):  # noqa: PTH113
                return
        elif os.path.isfile(f"{path}.py"):  # noqa: PTH113
            yield base, f"{path}.py"
            return


def _is_excluded(path: str, expressions: Collection[str]) -> bool:
    shown = os.path.relpath(path).replace(os.sep, "/")
    return any(re.search(each, shown) for each in expressions)


def _is_installed(path: str) -> bool:
    return not _INSTALLED.isdisjoint(Path(path).parts)


def _may_use_it(path: str, before: Mapping[str, int], far: dict[str, int]) -> bool:
    """Tell whether a package mentions the library; what was found out is kept while it lasts."""
    is_installed = _is_installed(path)
    time = os.stat(path).st_mtime_ns if is_installed else 0  # noqa: PTH116
    if is_installed and before.get(path) == time:
        far[path] = time
        return False
    if any(map(_mentions_it, _paths(path))):
        return True
    if is_installed:
        far[path] = time
    return not is_installed


def _mentions_it(path: str) -> bool:
    try:
        return b"graflow" in read_source(path)
    except Unread:
        return False


def _paths(path: str) -> Iterator[str]:
    """Yield the files with source of a package."""
    if path.endswith(".py"):
        yield path
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(each for each in folders if each.isidentifier() and each not in NEVER)
        for name in sorted(files):
            stem, _, end = name.rpartition(".")
            if stem.isidentifier() and end in {"py", "pyi"}:
                yield os.path.join(folder, name)  # noqa: PTH118


def _sources(base: str, path: str) -> Iterator[Source]:
    for each in _paths(path):
        parts = Path(each).relative_to(base).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        yield Source(each, module, base, module, is_own=False)

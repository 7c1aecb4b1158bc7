"""Discovery of the files of the program, and of the names of their modules."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import filterfalse
from pathlib import Path

from mypy.find_sources import InvalidSourceList, SourceFinder
from mypy.fscache import FileSystemCache
from mypy.modulefinder import matches_exclude, mypy_path
from mypy.options import Options

from graflow_mypy.options import PluginOptions, is_whole_file_system

__all__ = ["NEVER", "Source", "find_sources", "import_roots"]

NEVER = frozenset({"__pycache__", "node_modules", "site-packages"})
"""The names of folders that are never part of a program."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the program.

    Attributes:
        path: Its absolute path.
        module: The name of its module, as mypy has it.
        base: The folder that the module's name starts from.
        name: The name of the module, with a number behind `#` if it is not the one that an
            import of the module finds: a stub beside its source, or `main.py` in two folders.
        is_own: Whether it is judged; what the program imports from elsewhere is only known.
    """

    path: str
    module: str
    base: str
    name: str = ""
    is_own: bool = True


class _WithoutLoops(FileSystemCache):
    """The file system without the links that lead back to where one came from.

    Mypy follows them as far as the system lets it; with two of them that takes forever.
    """

    def isdir(self, path: str) -> bool:
        return super().isdir(path) and not _is_loop(path)


def find_sources(options: Options, mine: PluginOptions) -> list[Source]:
    """Return the files to scan, as mypy's own search finds and names them."""
    finder = SourceFinder(_WithoutLoops(), options)
    excluded = [re.compile(each) for each in mine.exclude]
    found: dict[str, Source] = {}
    for path in filterfalse(is_whole_file_system, mine.paths):
        for source in _with_stubbed(_below(path, finder, options)):
            shown = os.path.relpath(source.path).replace(os.sep, "/")
            if not any(each.search(shown) for each in excluded):
                found.setdefault(source.path, source)
    roots = import_roots(options)
    named = [_as_imported(found[path], roots) for path in sorted(found)]
    return _named(named, {os.getcwd(), *roots})  # noqa: PTH109


def import_roots(options: Options) -> list[str]:
    """Return the folders that mypy was told to import from, by an option or in `MYPYPATH`."""
    return [os.path.abspath(each) for each in (*mypy_path(), *options.mypy_path)]  # noqa: PTH100


def _as_imported(source: Source, roots: Iterable[str]) -> Source:
    """Return a source under the name that imports have for it: it starts from the `mypy_path`.

    Mypy's search takes the first folder without an `__init__.py` for the base; a namespace package
    such as `acme` in `src/acme/report/__init__.py` has none.
    """
    root = max((each for each in roots if Path(source.base).is_relative_to(each)), default="")
    above = Path(source.base).relative_to(root).parts if root else ()
    if not above or not all(map(str.isidentifier, above)):
        return source
    module = ".".join(filter(None, [*above, source.module]))
    return replace(source, module=module, base=root)


def _named(sources: list[Source], roots: set[str]) -> list[Source]:
    """Return the files with names of their own."""
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.module, []).append(source)
    found = []
    for module, group in groups.items():
        bases = {source.base for source in group}
        imported = bases & roots or bases
        is_clear = len(imported) == 1
        group.sort(key=lambda source: (source.base not in imported, source.path))
        for number, source in enumerate(group):
            is_first = number == 0 and is_clear
            found.append(replace(source, name=module if is_first else f"{module}#{number + 1}"))
    return found


def _with_stubbed(sources: Iterable[Source]) -> Iterator[Source]:
    """Yield files, and where one is a stub, what it is the stub of, which mypy leaves out."""
    for source in sources:
        yield source
        beside = source.path.removesuffix("i")
        if source.path.endswith(".pyi") and os.path.isfile(beside):  # noqa: PTH113
            yield replace(source, path=beside)


def _below(path: str, finder: SourceFinder, options: Options) -> Iterator[Source]:
    is_folder = finder.fscache.isdir(path)
    if not is_folder and not path.endswith((".py", ".pyi")):
        return
    try:
        if is_folder:
            for each in finder.find_sources_in_dir(path):
                if each.path is not None:
                    yield _source(each.path, each.module, each.base_dir)
        else:
            yield _source(path, *finder.crawl_up(path))
    except InvalidSourceList:
        # Mypy has no name for a package such as `my-tools`; what is in it counts nevertheless.
        if not is_folder:
            folder, file = os.path.split(path)
            yield _source(path, file.rpartition(".")[0], folder)
            return
        for name in sorted(os.listdir(path)):  # noqa: PTH208
            inner = os.path.join(path, name)  # noqa: PTH118
            is_left_out = name in NEVER or name.startswith(".")
            if not is_left_out and not _is_excluded(inner, finder, options):
                yield from _below(inner, finder, options)
    except OSError:
        return  # mypy says so itself


def _is_loop(path: str) -> bool:
    if not os.path.islink(path):  # noqa: PTH114 - mypy's search works on text
        return False
    target = os.path.realpath(path)
    return any(os.path.realpath(above) == target for above in Path(path).absolute().parents)


def _is_excluded(path: str, finder: SourceFinder, options: Options) -> bool:
    return matches_exclude(path, options.exclude, finder.fscache, verbose=False)


def _source(path: str, module: str, base: str | None) -> Source:
    return Source(os.path.abspath(path), module, base or os.getcwd())  # noqa: PTH100, PTH109

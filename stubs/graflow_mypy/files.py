"""Which files belong to the program, and what their modules are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mypy.find_sources import InvalidSourceList, SourceFinder
from mypy.fscache import FileSystemCache
from mypy.options import Options

from graflow_mypy.options import PluginOptions

__all__ = ["Source", "find_sources"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the program.

    Attributes:
        path: Its absolute path.
        module: The name of its module, as mypy has it.
        base: The folder that the module's name starts from.
    """

    path: str
    module: str
    base: str


def find_sources(options: Options, mine: PluginOptions) -> list[Source]:
    """Return the files to scan, as mypy's own search finds and names them."""
    finder = SourceFinder(FileSystemCache(), options)
    excluded = [re.compile(each) for each in mine.exclude]
    found: dict[str, Source] = {}
    for path in mine.paths:
        for source in _below(path, finder):
            shown = os.path.relpath(source.path).replace(os.sep, "/")
            if not any(each.search(shown) for each in excluded):
                found.setdefault(source.path, source)
    return sorted(found.values(), key=lambda source: source.path)


def _below(path: str, finder: SourceFinder) -> Iterator[Source]:
    try:
        if os.path.isdir(path):  # noqa: PTH112 - mypy's search works on text
            for each in finder.find_sources_in_dir(path):
                if each.path is not None:
                    yield _source(each.path, each.module, each.base_dir)
        elif path.endswith((".py", ".pyi")):
            yield _source(path, *finder.crawl_up(path))
    except (InvalidSourceList, OSError):
        return  # mypy says so itself


def _source(path: str, module: str, base: str | None) -> Source:
    return Source(os.path.abspath(path), module, base or os.getcwd())  # noqa: PTH100, PTH109

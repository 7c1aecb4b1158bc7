"""The index of the program: scanned when mypy starts, kept beside mypy's cache.

A file is scanned again when its time or its size differs from what was noted, as mypy does it.
A file that was changed so short a time before it was read that a later change could have left
both the same is scanned again too.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mypy.options import Options

from graflow_mypy.index.cache import Kept
from graflow_mypy.index.facts import Facts, facts_of
from graflow_mypy.options import PluginOptions
from graflow_mypy.program.aliases import task_aliases
from graflow_mypy.program.constants import names_to_watch
from graflow_mypy.program.program import Program
from graflow_mypy.source.files import Source, find_sources
from graflow_mypy.source.interest import Interest
from graflow_mypy.source.notes import Record
from graflow_mypy.source.reading import Unread, read_source
from graflow_mypy.source.scan import scan

__all__ = ["Index"]

_JUST_NOW: Final = 100_000_000  # nanoseconds; file systems tell times no finer than 10 ms
_MOST_ROUNDS: Final = 5  # of names for names
_NO_FACTS: Final = Facts({}, 2)

Stamp = list[int]
"""The time and the size of a file."""


class Index:
    """The facts about each file of the program.

    Attributes:
        has_messages: Whether there is anything to report in any file.
        raw: The findings about each module, as `facts_of` gives them.
    """

    has_messages = False

    def __init__(self, options: Options, mine: PluginOptions, version: str) -> None:
        """Scan what has changed since the last time."""
        self._options = options
        self._mine = mine
        self._column = 3 if getattr(options, "native_parser", False) else 2
        self._kept = Kept(options, mine, version)
        self._sources: dict[str, Source] = {}
        self._stamps: dict[str, Stamp] = {}
        self.raw: dict[str, Any] = {}
        self._facts: dict[str, Facts] = {}
        self._asked: dict[str, Source | None] = {}
        self._listed = 0
        self._roots = tuple(map(os.path.abspath, mine.paths))
        self.refresh()

    def refresh(self) -> None:
        """Bring everything up to date with the files as they are now."""
        self._listed = time.time_ns() - _JUST_NOW
        self._sources = {each.path: each for each in find_sources(self._options, self._mine)}
        self._stamps = {path: stamp for path in self._sources if (stamp := _stamp(path))}
        signature = self._signature()
        raw = self._kept.facts(signature)
        if raw is None:
            with _without_collections():
                files = _Files(self._sources, self._stamps, self._kept)
                raw = facts_of(files.records, files.load, self._mine)
                files.keep()
                self._kept.keep_facts(signature, raw)
        self.raw = raw
        self._facts = {}
        self._asked = {}
        self.has_messages = any(about.keys() & {"messages", "unread"} for about in raw.values())

    def of(self, path: str) -> Facts:
        """Return the facts about a file; there are none about a file that is not scanned."""
        facts = self._facts.get(path)
        if facts is None:
            source = self.source(path)
            raw = self.raw.get(source.name) if source else None
            facts = self._facts[path] = Facts(raw, self._column) if raw else _NO_FACTS
        return facts

    def source(self, path: str) -> Source | None:
        """Return the source of a path, if it is scanned."""
        if path not in self._asked:
            self._asked[path] = self._sources.get(os.path.abspath(path))  # noqa: PTH100
        return self._asked[path]

    def has(self, module: str, beside: Source) -> bool:
        """Tell whether mypy can be asked to load a module for the sake of another one."""
        bases = {beside.base, os.getcwd(), *map(os.path.abspath, self._options.mypy_path)}  # noqa: PTH109
        return any(each.module == module and each.base in bases for each in self._sources.values())

    def note_change(self, path: str) -> None:
        """Bring all up to date if a file is not as it was scanned, or new: a daemon lives long."""
        source = self.source(path)
        if source is None:
            is_stale = self._is_new(os.path.abspath(path))  # noqa: PTH100
        else:
            stamp = _stamp(source.path)
            is_stale = stamp is not None and stamp != self._stamps.get(source.path)
        if is_stale:
            self.refresh()

    def _is_new(self, path: str) -> bool:
        """Tell whether a file may have come to the program since its files were listed."""
        if not path.startswith(self._roots):
            return False
        try:
            return os.stat(path).st_ctime_ns > self._listed  # noqa: PTH116 - as in _stamp
        except OSError:
            return False

    def _signature(self) -> str:
        now = time.time_ns()
        stamps = [
            [path, source.name, self._stamps.get(path)] for path, source in self._sources.items()
        ]
        is_fresh = any(stamp[0] > now - _JUST_NOW for stamp in self._stamps.values())
        return (
            ""
            if is_fresh
            else hashlib.sha1(json.dumps(stamps).encode(), usedforsecurity=False).hexdigest()
        )


class _Files:
    """The index of each file, from what was kept or from the file.

    Attributes:
        records: The indexes by the names of the modules.
    """

    def __init__(
        self, sources: Mapping[str, Source], stamps: Mapping[str, Stamp], kept: Kept
    ) -> None:
        self._kept = kept
        self._entries: dict[str, Any] = {}
        self._paths: dict[str, str] = {}
        names, known = kept.records()
        self._interest = Interest(*names)
        self._is_changed = known.keys() != sources.keys()
        for path, source in sources.items():
            stamp = stamps.get(path)
            entry = known.get(path)
            if entry is None or entry[0] != stamp or entry[1] != source.name:
                self._is_changed = True
                is_safe = stamp and stamp[0] < time.time_ns() - _JUST_NOW
                record = _scanned(path, source.name, self._interest)
                entry = [stamp if is_safe else None, source.name, record]
            self._entries[path] = entry
            self._paths[source.name] = path
        self.records: dict[str, Record] = {}
        self._follow_names()

    def _follow_names(self) -> None:
        """Scan files again in which names of the program matter, until no more names are found."""
        for _ in range(_MOST_ROUNDS):
            self.records = {module: self._entries[path][2] for module, path in self._paths.items()}
            program = Program(self.records, self.load)
            interest = Interest(task_aliases(program), *names_to_watch(program))
            if interest.names == self._interest.names:
                return
            self._is_changed = True
            before, self._interest = self._interest, interest
            for path, entry in self._entries.items():
                text = _text(path)
                if interest.is_named_in(text) or before.is_named_in(text):
                    entry[2] = _scanned(path, entry[1], interest)

    def load(self, module: str) -> Record:
        """Return the full index of a module of which only names are wanted."""
        path = self._paths[module]
        entry = self._entries[path]
        if entry[2].get("quiet") and "unread" not in entry[2]:
            self._is_changed = True
            entry[2] = _scanned(path, module, self._interest, is_known_quiet=True)
        record: Record = entry[2]
        return record

    def keep(self) -> None:
        """Keep the indexes for the next time."""
        if self._is_changed:
            self._kept.keep_records(self._interest.names, self._entries)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Let no garbage be collected meanwhile: syntax trees are many objects and leave none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - many calls
    except OSError:
        return None
    if not os.access(path, os.R_OK):
        return None  # no time tells when it can be read
    return [found.st_mtime_ns, found.st_size]


def _text(path: str) -> bytes:
    """Return what a file holds; nothing, where it can't be read."""
    try:
        return read_source(path)
    except Unread:
        return b""


def _scanned(path: str, module: str, interest: Interest, *, is_known_quiet: bool = False) -> Record:
    """Return the index of a file, or what there is instead.

    A file that surely uses no key and no task is `quiet`; what it defines is found where it
    `is_known_quiet`. One that can't be read or parsed has only `unread`: the line, the reason, and
    the path that a message shows.
    """
    try:
        text = read_source(path)
        if not is_known_quiet and interest.is_quiet(text):
            return {"quiet": True}
        return scan(
            text,
            module,
            is_package=Path(path).stem == "__init__",
            interest=interest,
            only_definitions=is_known_quiet,
        )
    except Unread as problem:
        shown = os.path.relpath(path).replace(os.sep, "/")
        found: Record = {"unread": [problem.line, problem.reason, shown]}
        return {**found, "quiet": True} if is_known_quiet else found

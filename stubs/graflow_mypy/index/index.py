"""The index of the program: scanned when mypy starts, kept beside mypy's cache.

A file is scanned again when its time or its size differs from what was noted, as mypy does it.
A file that was changed so short a time before it was read that a later change could have left
both the same is scanned again too.
"""

from __future__ import annotations

import gc
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mypy.options import Options

from graflow_mypy.index.cache import Kept, KeptFacts, KeptFile, KeptFiles, Stamp
from graflow_mypy.index.encoding import encoded
from graflow_mypy.index.facts import Facts, ModuleFacts
from graflow_mypy.index.judging import facts_of
from graflow_mypy.options import PluginOptions
from graflow_mypy.program.aliases import task_aliases
from graflow_mypy.program.constants import names_to_watch
from graflow_mypy.program.program import Program
from graflow_mypy.source.files.discovery import Source, find_sources, import_roots
from graflow_mypy.source.files.interest import Interest
from graflow_mypy.source.files.neighbours import Neighbours, find_neighbours, imported_tops
from graflow_mypy.source.files.reading import Unread, read_source
from graflow_mypy.source.notes import FileNotes, UnreadNote
from graflow_mypy.source.scan import scan

__all__ = ["Index"]

_JUST_NOW: Final = 100_000_000  # nanoseconds; file systems tell times no finer than 10 ms
_MOST_ROUNDS: Final = 5  # of names for names
_NO_FACTS: Final = Facts(ModuleFacts(), is_native=False)


class Index:
    """The facts about each file of the program.

    Attributes:
        has_messages: Whether there is anything to report in any file.
        raw: The facts about each module, as `facts_of` gives them.
    """

    has_messages = False

    def __init__(self, options: Options, mine: PluginOptions, version: str) -> None:
        """Scan what has changed since the last time."""
        self._options = options
        self._mine = mine
        self._is_native = bool(getattr(options, "native_parser", False))
        self._kept = Kept(options, mine, version)
        self._sources: dict[str, Source] = {}
        self._stamps: dict[str, Stamp] = {}
        self.raw: dict[str, ModuleFacts] = {}
        self._facts: dict[str, Facts] = {}
        self._asked: dict[str, Source | None] = {}
        self._listed = 0
        self._roots = tuple(map(os.path.abspath, mine.paths))
        self.refresh()

    def refresh(self) -> None:
        """Bring everything up to date with the files as they are now."""
        self._listed = time.time_ns() - _JUST_NOW
        own = find_sources(self._options, self._mine)
        kept = self._kept.facts()
        self._take(own, self._neighbours(own, kept.imports, kept.far))
        if not kept.state or kept.state != self._state():
            with _without_collections():
                kept = self._look_again(own, kept)
        self.raw = kept.facts
        self._facts = {}
        self._asked = {}
        self.has_messages = any(about.messages or about.unread for about in self.raw.values())

    def _look_again(self, own: list[Source], before: KeptFacts) -> KeptFacts:
        """Return the facts as they are now, and keep them."""
        files = _Files(self._kept)
        imports, far = before.imports, before.far
        for _ in range(_MOST_ROUNDS):  # a neighbour may have neighbours
            files.take(self._sources, self._stamps)
            if files.imports() == imports:
                break
            imports = files.imports()
            neighbours = self._neighbours(own, imports, far)
            far = neighbours.far
            self._take(own, neighbours)
        notes = files.follow_names()
        bases = {each.name: each.base for each in self._sources.values() if each.is_own}
        facts = facts_of(notes, files.load, self._mine, bases, files.shown)
        files.keep()
        kept = KeptFacts(self._state(), imports, far, facts)
        self._kept.keep_facts(kept)
        return kept

    def _neighbours(
        self, own: list[Source], imports: list[str], far: Mapping[str, int]
    ) -> Neighbours:
        known = {each.module for each in own}
        return find_neighbours(imports, known, self._options, self._mine, far)

    def _take(self, own: list[Source], neighbours: Neighbours) -> None:
        self._sources = {each.path: each for each in [*neighbours.sources, *own]}
        self._stamps = {path: stamp for path in self._sources if (stamp := _stamp(path))}

    def of(self, path: str) -> Facts:
        """Return the facts about a file; a file that isn't scanned has none."""
        facts = self._facts.get(path)
        if facts is None:
            source = self.source(path)
            raw = self.raw.get(source.name) if source else None
            facts = self._facts[path] = (
                _NO_FACTS if raw is None else Facts(raw, is_native=self._is_native)
            )
        return facts

    def source(self, path: str) -> Source | None:
        """Return the source of a path, if it is scanned."""
        if path not in self._asked:
            self._asked[path] = self._sources.get(os.path.abspath(path))  # noqa: PTH100
        return self._asked[path]

    def has(self, module: str, beside: Source) -> bool:
        """Tell whether mypy can be asked to load a module for the sake of another one."""
        bases = {beside.base, os.getcwd(), *import_roots(self._options)}  # noqa: PTH109
        return any(each.module == module and each.base in bases for each in self._sources.values())

    def note_change(self, path: str) -> None:
        """Bring all up to date if a file was edited or is new, as happens while a daemon runs."""
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

    def _state(self) -> str:
        """Return a digest of all files; nothing, where one may have changed unseen."""
        now = time.time_ns()
        if any(stamp.time > now - _JUST_NOW for stamp in self._stamps.values()):
            return ""
        stamps = [
            (path, source.name, self._stamps.get(path)) for path, source in self._sources.items()
        ]
        return hashlib.sha1(encoded(stamps).encode(), usedforsecurity=False).hexdigest()


class _Files:
    """The notes on each file, from what was kept or from the file."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._files: dict[str, KeptFile] = {}
        self._paths: dict[str, str] = {}
        self._before = kept.files()
        self._interest = Interest(*self._before.names)
        self._is_changed = False

    def take(self, sources: Mapping[str, Source], stamps: Mapping[str, Stamp]) -> None:
        """Take these files and no others; those that were taken before are not read again."""
        taken = self._files
        self._files = {}
        self._paths = {source.name: path for path, source in sources.items()}
        for path, source in sources.items():
            file = taken.get(path) or self._as_it_was(path, source, stamps.get(path))
            self._files[path] = file or self._read(path, source, stamps.get(path))
        self._is_changed = self._is_changed or self._before.files.keys() != sources.keys()

    def _as_it_was(self, path: str, source: Source, stamp: Stamp | None) -> KeptFile | None:
        """Return what was kept of a file, if it is certain that it has not changed since."""
        file = self._before.files.get(path)
        if file is None or stamp is None or file.stamp != stamp or file.module != source.name:
            return None
        return file

    def _read(self, path: str, source: Source, stamp: Stamp | None) -> KeptFile:
        self._is_changed = True
        is_safe = stamp is not None and stamp.time < time.time_ns() - _JUST_NOW
        notes = _scanned(path, source.name, self._interest)
        return KeptFile(stamp if is_safe else None, source.name, notes)

    def imports(self) -> list[str]:
        """Return the first parts of the names of all modules that the files import."""
        return sorted({each for file in self._files.values() for each in file.notes.imports})

    def follow_names(self) -> dict[str, FileNotes]:
        """Return the notes by the names of the modules, once all of interest is noted.

        The files that mention names of interest are scanned again until no new names turn up.
        """
        for _ in range(_MOST_ROUNDS):
            program = Program(self._notes(), self.load)
            interest = Interest(task_aliases(program), *names_to_watch(program))
            if interest.names == self._interest.names:
                break
            self._is_changed = True
            before, self._interest = self._interest, interest
            for path, file in self._files.items():
                text = _text(path)
                if interest.is_named_in(text) or before.is_named_in(text):
                    file.notes = _scanned(path, file.module, interest)

        return self._notes()

    def _notes(self) -> dict[str, FileNotes]:
        return {module: self._files[path].notes for module, path in self._paths.items()}

    def load(self, module: str) -> FileNotes:
        """Return full notes on a module that was passed over, as its definitions are needed."""
        path = self._paths[module]
        file = self._files[path]
        if file.notes.is_quiet and file.notes.unread is None:
            self._is_changed = True
            file.notes = _scanned(path, module, self._interest, is_known_quiet=True)
        return file.notes

    def shown(self, module: str) -> str:
        """Return what messages call the file of a module."""
        return _shown(self._paths[module])

    def keep(self) -> None:
        """Keep the notes for the next time."""
        if self._is_changed:
            self._kept.keep_files(KeptFiles(self._interest.names, self._files))


@contextmanager
def _without_collections() -> Iterator[None]:
    """Pause garbage collection: syntax trees are many objects, and none of them is garbage."""
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
    return Stamp(found.st_mtime_ns, found.st_size)


def _text(path: str) -> bytes:
    """Return the content of a file; nothing, where it can't be read."""
    try:
        return read_source(path)
    except Unread:
        return b""


def _shown(path: str) -> str:
    """Return what messages call a file: its path from the current folder."""
    return os.path.relpath(path).replace(os.sep, "/")


def _scanned(
    path: str, module: str, interest: Interest, *, is_known_quiet: bool = False
) -> FileNotes:
    """Return the notes on a file.

    A file that surely uses no key and no task is passed over as quiet; what it defines is noted
    where it `is_known_quiet`.
    """
    try:
        text = read_source(path)
        imports = imported_tops(text)
        if not is_known_quiet and interest.is_quiet(text):
            return FileNotes(is_quiet=True, imports=imports)
        notes = scan(
            text,
            module,
            is_package=Path(path).stem == "__init__",
            interest=interest,
            only_definitions=is_known_quiet,
        )
        notes.imports = imports
        return notes
    except Unread as problem:
        unread = UnreadNote(problem.line, problem.reason, _shown(path))
        return FileNotes(is_quiet=is_known_quiet, unread=unread)

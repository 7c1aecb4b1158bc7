"""The cache of the index, kept beside mypy's from one run to the next."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mypy.options import Options

from graflow_mypy.index.encoding import decoded, encoded
from graflow_mypy.index.facts import ModuleFacts
from graflow_mypy.options import PluginOptions
from graflow_mypy.source.files.discovery import import_roots
from graflow_mypy.source.notes import FileNotes

__all__ = ["Kept", "KeptFacts", "KeptFile", "KeptFiles", "Stamp"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stamp:
    """The time of a file's last change, in nanoseconds, and its size in bytes."""

    time: int
    size: int


@dataclass(slots=True)
class KeptFile:
    """The notes on a file.

    Attributes:
        stamp: That of the file when it was read; `None` if it may have changed unseen since then.
        module: What its module was called.
        notes: The notes.
    """

    stamp: Stamp | None
    module: str
    notes: FileNotes


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The notes on all files by their paths, and the names of interest that they were taken for."""

    names: list[list[str]] = field(default_factory=list)
    files: dict[str, KeptFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """Facts by the names of modules, and what they were made from.

    Attributes:
        state: The state of the files; empty where one may have changed unseen.
        imports: The first parts of the names of all modules that the program imports.
        far: See `Neighbours`.
        facts: The facts.
    """

    state: str = ""
    imports: list[str] = field(default_factory=list)
    far: dict[str, int] = field(default_factory=dict)
    facts: dict[str, ModuleFacts] = field(default_factory=dict)


class Kept:
    """Two files beside mypy's cache: the notes on files, and the facts made of them.

    If they are lost or damaged, the work is done again.
    """

    def __init__(self, options: Options, mine: PluginOptions, version: str) -> None:
        self._folder: Path | None = None
        if options.cache_dir != os.devnull and options.incremental:
            settings: list[object] = [
                version,
                sys.version,
                repr(mine),
                Path.cwd(),
                import_roots(options),
                options.python_executable,
            ]
            settings += [options.exclude, options.explicit_package_bases]
            name = hashlib.sha1(repr(settings).encode(), usedforsecurity=False).hexdigest()[:16]
            self._folder = Path(options.cache_dir) / "graflow_mypy" / name

    def facts(self) -> KeptFacts:
        """Return the facts that were kept."""
        return self._load("facts", KeptFacts) or KeptFacts()

    def keep_facts(self, kept: KeptFacts) -> None:
        """Keep facts for the next time."""
        self._store("facts", kept)

    def files(self) -> KeptFiles:
        """Return the notes that were kept."""
        return self._load("files", KeptFiles) or KeptFiles()

    def keep_files(self, kept: KeptFiles) -> None:
        """Keep notes for the next time."""
        self._store("files", kept)

    def _load(self, name: str, kind: type[T]) -> T | None:
        if self._folder is None:
            return None
        try:
            return decoded((self._folder / f"{name}.json").read_bytes(), kind)
        except (OSError, ValueError):
            return None

    def _store(self, name: str, value: object) -> None:
        if self._folder is None:
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "w") as file:
                file.write(encoded(value))
            os.replace(path, self._folder / f"{name}.json")  # noqa: PTH105

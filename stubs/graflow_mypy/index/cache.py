"""The cache of the index, kept beside mypy's from one run to the next."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mypy.options import Options

from graflow_mypy.options import PluginOptions

__all__ = ["Kept"]


class Kept:
    """Two files beside mypy's cache: the indexes of files, and the facts made of them.

    Whatever goes wrong with them, the work is done again.
    """

    def __init__(self, options: Options, mine: PluginOptions, version: str) -> None:
        self._folder: Path | None = None
        if options.cache_dir != os.devnull and options.incremental:
            settings: list[object] = [
                version,
                sys.version,
                repr(mine),
                Path.cwd(),
                options.mypy_path,
            ]
            settings += [options.exclude, options.explicit_package_bases]
            name = hashlib.sha1(repr(settings).encode(), usedforsecurity=False).hexdigest()[:16]
            self._folder = Path(options.cache_dir) / "graflow_mypy" / name

    def facts(self, signature: str) -> dict[str, Any] | None:
        """Return what was kept under a signature."""
        found = self._load("facts") if signature else None
        if not isinstance(found, dict) or found.get("signature") != signature:
            return None
        facts: dict[str, Any] = found["facts"]
        return facts

    def keep_facts(self, signature: str, facts: Mapping[str, Any]) -> None:
        """Keep facts for the next time."""
        if signature:
            self._store("facts", {"signature": signature, "facts": facts})

    def records(self) -> tuple[list[list[str]], dict[str, Any]]:
        """Return what was kept: the names of interest, and the indexes of files.

        An index is there with the stamp of its file, and with its module.
        """
        found = self._load("files")
        known = found if isinstance(found, dict) else {}
        return known.get("names", []), known.get("files", {})

    def keep_records(self, names: list[list[str]], records: Mapping[str, Any]) -> None:
        """Keep the names of interest and the indexes for the next time."""
        self._store("files", {"names": names, "files": records})

    def _load(self, name: str) -> Any:
        if self._folder is None:
            return None
        try:
            return json.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError, EOFError):
            return None

    def _store(self, name: str, value: object) -> None:
        if self._folder is None:
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(value, separators=(",", ":")))
            os.replace(path, self._folder / f"{name}.json")  # noqa: PTH105

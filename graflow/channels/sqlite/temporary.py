"""Temporary files: deleted with the last handle on them, or by a later process."""

from __future__ import annotations

import os
from typing import Final
from weakref import WeakValueDictionary, finalize

from graflow.system.owned_folder import OwnedFolder

__all__ = ["TemporaryFile", "kept_file", "temporary_file"]

_PREFIX = "graflow-sqlite-"


class TemporaryFile:
    """A file in a folder of its own, which is deleted when nobody has this object any more.

    Attributes:
        path: The path of the file.
    """

    def __init__(self) -> None:
        """Make the folder."""
        folder = OwnedFolder(_PREFIX)
        self.path = os.path.join(folder.path, "channels.db")  # noqa: PTH118 - it is text
        finalize(self, _close, folder, os.getpid())


def _close(folder: OwnedFolder, owner: int) -> None:
    if os.getpid() == owner:  # and not in its forked child
        folder.close()


_FILES: Final[WeakValueDictionary[str, TemporaryFile]] = WeakValueDictionary()


def temporary_file() -> TemporaryFile:
    """Return a new one."""
    file = TemporaryFile()
    _FILES[os.path.realpath(file.path)] = file
    return file


def kept_file(path: str) -> TemporaryFile | None:
    """Return the temporary file of this process at a path, for another handle to keep, if any."""
    return _FILES.get(path)

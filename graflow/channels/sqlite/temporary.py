"""Temporary files: deleted with the last handle on them, or by a later process."""

from __future__ import annotations

import os
from weakref import finalize

from graflow.system.owned_folder import OwnedFolder

__all__ = ["TemporaryFile", "temporary_file"]

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


def temporary_file() -> TemporaryFile:
    """Return a new one."""
    return TemporaryFile()

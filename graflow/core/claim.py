"""A file that one run at a time saves to, among all runs of all processes of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graflow.exceptions import CheckpointInUseError

if sys.platform != "win32":
    import fcntl

__all__ = ["claimed"]

_claims: dict[str, object] = {}
"""The claims of this process, whose own locks don't keep it out."""


@contextmanager
def claimed(path: str | os.PathLike[str], workflow: str) -> Iterator[None]:
    """Keep other runs from saving to a file.

    Beside the file is one named `.lock` meanwhile, with a lock that the system takes away when
    the process ends, however it ends. Windows has no such locks: runs of one process alone are
    kept from each other there.

    Args:
        path: The file.
        workflow: The workflow's name, for the message.

    Raises:
        CheckpointInUseError: Another run has claimed it.
        OSError: Files can't be made there.
    """
    name = f"{os.path.realpath(path)}.lock"
    claim = object()
    if _claims.setdefault(name, claim) is not claim:
        raise _in_use(path, workflow)
    try:
        file = _locked(name)
        if file is None:
            raise _in_use(path, workflow)
        try:
            yield
        finally:
            _give_up(file, name)
    finally:
        del _claims[name]


def _locked(name: str) -> int | None:
    """Return the open file with the lock on it, or `None` if another process has that."""
    while True:
        file = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        if sys.platform == "win32":
            return file
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            os.close(file)
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), Path(name).stat()):
                return file
        os.close(file)  # the last owner has just deleted it


def _give_up(file: int, name: str) -> None:
    if sys.platform == "win32":
        os.close(file)
    with suppress(OSError):  # its folder may be gone
        Path(name).unlink()
    if sys.platform != "win32":
        os.close(file)


def _in_use(path: str | os.PathLike[str], workflow: str) -> CheckpointInUseError:
    return CheckpointInUseError(
        f"another run saves to {os.fspath(path)}; give each run a file of its own, or wait until "
        "that one is over",
        workflow=workflow,
        path=os.fspath(path),
    )

"""A claim on a checkpoint file: one run at a time, among all processes of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graflow.core.checkpoint.checkpoint_files import check_path, file_errors, target_of
from graflow.exceptions import CheckpointInUseError
from graflow.system.file_locks import FileLock

__all__ = ["claimed"]


@contextmanager
def claimed(path: str | os.PathLike[str], workflow: str) -> Iterator[None]:
    """Keep other runs from saving to a file, inside a `with` block.

    A lock is held on a file beside it, with `.lock` added to its name. On Windows, this only works
    among the runs of a single process.

    Args:
        path: The file.
        workflow: The workflow's name, for the message.

    Raises:
        CheckpointInUseError: Another run has claimed it.
        CheckpointFileError: The file can't be written or created.
        WorkflowTypeError, WorkflowValueError: The path can't be that of a file.
    """
    check_path(path, workflow)
    with file_errors(path, workflow):
        name = f"{target_of(path)}.lock"
        lock = _claim(name)
    if lock is None:
        raise CheckpointInUseError(
            f"another run is saving to {os.fspath(path)}; give each run its own file, or wait "
            "until that run is over",
            workflow=workflow,
            path=os.fspath(path),
        )
    try:
        yield
    finally:
        if not lock.closed:  # else this is a fork of the run's process
            if sys.platform == "win32":
                lock.release()  # an open file can't be deleted there
            with suppress(OSError):  # its folder may be gone
                Path(name).unlink()
            lock.release()


def _claim(name: str) -> FileLock | None:
    """Return the lock, or `None` if another run has it."""
    while True:
        lock = FileLock(name)
        if not lock.acquire():
            lock.close()
            return None
        if lock.is_on(name):
            return lock
        lock.release()  # the last owner has just deleted it

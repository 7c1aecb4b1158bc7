"""Checkpoint files: valid paths, permissions, and the errors of the file system.

A checkpoint contains the channel's data, so a new file is for its user alone; an existing file
keeps its mode. If the path is a symbolic link, its target is the checkpoint. No other link is
followed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from graflow.exceptions import (
    CheckpointError,
    CheckpointFileError,
    CheckpointIsADirectoryError,
    CheckpointNotFoundError,
    CheckpointPermissionError,
    WorkflowTypeError,
    WorkflowValueError,
)

__all__ = ["check_path", "file_errors", "read", "replace", "target_of", "write"]

_KINDS: dict[type[OSError], type[CheckpointFileError]] = {
    FileNotFoundError: CheckpointNotFoundError,
    IsADirectoryError: CheckpointIsADirectoryError,
    PermissionError: CheckpointPermissionError,
}

_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def check_path(path: object, workflow: str | None = None) -> None:
    """Check that a path can be that of a file.

    Raises:
        WorkflowTypeError: It is neither a `str` nor a path.
        WorkflowValueError: It is empty, or contains a character that file names can't have.
    """
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise WorkflowTypeError(
            f"checkpoint must be a path, not {type(path).__name__}", workflow=workflow
        )
    if not name:
        raise WorkflowValueError("checkpoint must be the path of a file, not ''", workflow=workflow)
    try:
        good = b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        good = False
    if not good:
        raise WorkflowValueError(
            f"checkpoint must be the path of a file, and no file can be called {name!r}",
            workflow=workflow,
        )


@contextmanager
def file_errors(path: str | os.PathLike[str], workflow: str | None = None) -> Iterator[None]:
    """Translate errors of the file system about a checkpoint into graflow's own.

    Raises:
        CheckpointFileError: Instead of an `OSError`, of the same kind.
    """
    try:
        yield
    except CheckpointError:
        raise
    except OSError as error:
        name = os.fspath(path)
        raise _KINDS.get(type(error), CheckpointFileError)(
            f"the checkpoint {name} can't be used: {_why(error, name)}",
            workflow=workflow,
            path=name,
            errno=error.errno,
        ) from error


def _why(error: OSError, name: str) -> str:
    if isinstance(error, FileNotFoundError):
        folder = Path(name).parent
        return f"{'the file' if folder.is_dir() else f'the folder {folder}'} does not exist"
    where = "" if error.filename in (None, name) else f" ({error.filename})"
    return f"{error.strerror or error}{where}"


def target_of(path: str | os.PathLike[str]) -> str:
    """Return the full path of a checkpoint's file, with symbolic links resolved.

    Raises:
        OSError: It is not a regular file, or can't be written.
    """
    target = os.path.realpath(path)
    with suppress(FileNotFoundError):
        _check_kind(target)
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
    return target


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the contents of a file.

    Raises:
        OSError: It does not exist, is not a regular file, or can't be read.
    """
    _check_kind(path)
    return Path(path).read_bytes()


def _check_kind(path: str | os.PathLike[str]) -> None:
    """Check that a file is regular: reading or writing any other may block or never end."""
    mode = Path(path).stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def replace(target: Path, *parts: bytes) -> BinaryIO:
    """Replace a file atomically with a new one, and return that open for appending.

    Args:
        target: The full path; the caller must be the only one to write there.
        parts: The contents of the new file.

    Raises:
        OSError: The file can't be written; the old one is unchanged.
    """
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)  # left by a killed run, or a link that somebody put there
    try:
        with _opened(new, os.O_CREAT | os.O_EXCL) as file:
            _keep_mode(file.fileno(), target)
            write(file, *parts)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)  # the disk may be full
        raise
    _sync_directory(target.parent)
    return _opened(target, os.O_APPEND)


def write(file: BinaryIO, *parts: bytes) -> None:
    """Write to the disk.

    Raises:
        OSError: The file can't be written.
    """
    file.writelines(parts)
    file.flush()
    os.fsync(file.fileno())


def _opened(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | _NO_LINK | flags, 0o600), "wb")


def _keep_mode(file: int, target: Path) -> None:
    """Give a new file the mode and owner of the old one, if there is one."""
    if sys.platform == "win32":
        return
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    new = os.fstat(file)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(file, old.st_uid, old.st_gid)
        except PermissionError:
            return  # the mode would give access to another group than before
    os.fchmod(file, stat.S_IMODE(old.st_mode) & 0o777)


def _sync_directory(directory: Path) -> None:
    """Flush the file's new name to the disk, if the system has a way to do so."""
    if os.name == "posix":
        number = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)

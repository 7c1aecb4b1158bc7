"""Errors of checkpoint files."""

from __future__ import annotations

from typing import Any

from graflow.exceptions.workflow_errors import WorkflowError

__all__ = [
    "CheckpointDamagedError",
    "CheckpointError",
    "CheckpointFileError",
    "CheckpointInUseError",
    "CheckpointIsADirectoryError",
    "CheckpointMismatchError",
    "CheckpointNotFoundError",
    "CheckpointPermissionError",
    "CheckpointVersionError",
]


class CheckpointError(WorkflowError):
    """A run can't be resumed from, or saved to, a checkpoint file.

    Nothing has changed and nothing has run, unless writing the file failed only later on.

    Attributes:
        path: The file.
    """

    path: str

    def __init__(self, message: str = "", *, workflow: str | None = None, path: str = "") -> None:
        super().__init__(message, workflow=workflow)
        self.path = path


class CheckpointDamagedError(CheckpointError, ValueError):
    """The file is not a checkpoint, or was altered since it was written."""


class CheckpointFileError(CheckpointError, OSError):
    """The system can't read or write the file: the disk is full, it is not a regular file, ...

    Attributes:
        errno: The system's number for the reason.
        filename: The file.
    """

    def __init__(
        self,
        message: str = "",
        *,
        workflow: str | None = None,
        path: str = "",
        errno: int | None = None,
    ) -> None:
        super().__init__(message, workflow=workflow, path=path)
        self.errno = errno
        self.filename = path

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the attributes that an `OSError` would lose."""
        kept = {"errno": self.errno, "filename": self.filename}
        return type(self), self.args, {**vars(self), **kept}


class CheckpointNotFoundError(CheckpointFileError, FileNotFoundError):
    """The file, or the folder it should be in, does not exist."""


class CheckpointIsADirectoryError(CheckpointFileError, IsADirectoryError):
    """The path is a folder."""


class CheckpointPermissionError(CheckpointFileError, PermissionError):
    """The user is not allowed to read, write or create the file."""


class CheckpointInUseError(CheckpointError, BlockingIOError):
    """Another run, in this process or another one, is saving to the file."""


class CheckpointVersionError(CheckpointError, ValueError):
    """The file was written by a newer version of graflow."""


class CheckpointMismatchError(CheckpointError, ValueError):
    """The file belongs to another workflow, another graph or another channel."""

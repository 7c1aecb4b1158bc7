"""Errors of SQLite, translated into graflow's own."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import Final

from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelPermissionError,
    ChannelServerError,
    ChannelUnavailableError,
    ChannelValueError,
    OutcomeUnknownError,
)

__all__ = ["busy", "closed", "gone", "is_busy", "spoilt", "translate"]


class _Code:
    """Codes of results; the lower 8 bits tell the kind (https://www.sqlite.org/rescode.html)."""

    PERM: Final = 3
    BUSY: Final = 5
    LOCKED: Final = 6
    READONLY: Final = 8
    IOERR: Final = 10
    CORRUPT: Final = 11
    FULL: Final = 13
    CANTOPEN: Final = 14
    PROTOCOL: Final = 15
    TOOBIG: Final = 18
    NOTADB: Final = 26


_BUSY: Final = frozenset({_Code.BUSY, _Code.LOCKED, _Code.PROTOCOL})
_NOT_SYNCED: Final = frozenset({_Code.IOERR | 4 << 8, _Code.IOERR | 5 << 8})  # the file, its folder
_MISSING: Final = (errno.ENOENT, errno.ENOTDIR)
_MOST = "SQLite stores at most 1,000,000,000 bytes in one value"


def is_busy(error: Exception) -> bool:
    """Tell whether somebody else uses the file just now, so that it is worth asking again."""
    return _code_of(error) & 0xFF in _BUSY


def busy(path: str, timeout: float) -> ChannelUnavailableError:
    """Return the error for a file that others did not leave alone for `timeout` seconds."""
    return ChannelUnavailableError(
        f"{path} was in use by somebody else for {timeout:g} s, and nothing was done. A process "
        "may be stopped in the middle of a change, or another program may hold the file open in a "
        "transaction"
    )


def gone(path: str) -> ChannelUnavailableError | ChannelPermissionError:
    """Return the error for a file that was open, and that its path does not lead to any more."""
    if _errno_of(path) not in _MISSING:
        return ChannelPermissionError(
            f"{path} can't be looked at any more, though it was open: this needs the right to "
            "enter the folders above it"
        )
    return ChannelUnavailableError(
        f"{path} is gone: it was deleted or moved while it was in use. Put it back; or open the "
        "channel anew, which begins with an empty file"
    )


def spoilt(path: str) -> ChannelUnavailableError:
    """Return the error for a process that was forked in the middle of a change of a file."""
    return ChannelUnavailableError(
        f"this process was forked while another thread was in the middle of a change of {path}, so "
        "it can't use the file; start processes with `spawn` or `forkserver`, or fork while no "
        "thread uses the channel"
    )


def closed() -> ChannelUnavailableError:
    """Return the error for a handle that was closed."""
    return ChannelUnavailableError("this handle on the channel is closed; open another one")


def translate(error: Exception, path: str, *, committing: bool = False) -> ChannelError:
    """Return the error to raise in place of one of SQLite's.

    Args:
        error: What SQLite says; an `OverflowError` of Python's if a value is too large for both.
        path: The file.
        committing: Whether this was the last step of a change.
    """
    code = _code_of(error)
    if committing and code in _NOT_SYNCED:
        return OutcomeUnknownError(
            f"the system could not say that {path} is on the disk ({error}), so the change may or "
            "may not be there after a crash; look at the disk"
        )
    match code & 0xFF:
        case 0 if isinstance(error, sqlite3.DataError | sqlite3.InterfaceError | OverflowError):
            return ChannelValueError(f"{error}: {_MOST}; nothing was stored")
        case _Code.TOOBIG:
            return ChannelValueError(f"{error}: {_MOST}; nothing was stored")
        case _Code.FULL:
            return ChannelServerError(
                f"the disk is full, or a quota is used up, so nothing was stored in {path}: make "
                "room, and try again"
            )
        case _Code.READONLY | _Code.PERM:
            return ChannelPermissionError(
                f"{path} can't be written to ({error}), so nothing was stored: this needs the "
                "right to write to the file and to its folder, on a file system that allows it"
            )
        case _Code.CANTOPEN:
            return _not_opened(error, path)
        case _Code.CORRUPT:
            return ChannelDataError(
                f"{path} is damaged ({error}): bring back a copy, or save what is left with "
                "`sqlite3 FILE .recover`"
            )
        case _Code.NOTADB:
            return ChannelDataError(
                f"{path} is not an SQLite database, or it is damaged or encrypted; it was left as "
                "it is"
            )
        case _Code.IOERR:
            return ChannelServerError(
                f"the system could not read or write {path} ({error}), so nothing was stored; "
                "look at the disk, and at the limits of this process"
            )
        case _:
            return ChannelServerError(f"SQLite refused to use {path}: {error}; nothing was stored")


def _not_opened(error: Exception, path: str) -> ChannelError:
    folder = os.path.dirname(path)  # noqa: PTH120 - it is text
    if _errno_of(folder) in _MISSING:
        return ChannelUnavailableError(f"{path} can't be opened: there is no folder {folder}")
    if _errno_of(path) == errno.ELOOP or _errno_of(f"{path}-wal") == errno.ENAMETOOLONG:
        return ChannelValueError(
            f"{path} can't be opened: it is a symbolic link to itself, or its name with the `-wal` "
            "of SQLite's log is too long; name another file"
        )
    if os.path.isdir(path):  # noqa: PTH112
        return ChannelValueError(f"{path} is a folder; name a file in it")
    return ChannelPermissionError(
        f"{path} can't be opened ({error}): this needs the right to read and write the file, to "
        "make files in its folder, and to enter the folders above"
    )


def _errno_of(path: str) -> int | None:
    try:
        os.stat(path)  # noqa: PTH116 - it is text
    except OSError as error:
        return error.errno
    return None


def _code_of(error: Exception) -> int:
    code = getattr(error, "sqlite_errorcode", 0)
    return code if isinstance(code, int) else 0

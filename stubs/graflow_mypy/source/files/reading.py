"""The bytes of source files, and the reasons why a file can't be read or parsed."""

from __future__ import annotations

import os
import stat
import sys
from typing import Final

__all__ = ["Unread", "parsing_failed", "read_source"]

_LARGEST: Final = 16_000_000  # bytes; a tree takes a hundred times as much memory
_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody writes into keeps no one


class Unread(Exception):
    """A file that can't be read or parsed.

    Attributes:
        reason: Why, as the end of a sentence.
        line: Where, from 1.
    """

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def read_source(path: str) -> bytes:
    """Return the content of a file.

    Raises:
        Unread: It isn't a regular file, is too large, or can't be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _AT_ONCE), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unread("it is not a regular file")
            if status.st_size > _LARGEST:
                raise Unread(f"it has more than {_LARGEST // 1_000_000} MB")
            return file.read()
    except OSError as error:
        raise Unread(error.strerror or str(error)) from error


def parsing_failed(error: Exception) -> Unread:
    """Return what to raise where a source can't be parsed."""
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    if isinstance(error, SyntaxError):
        return Unread(f'{python} says "{error.msg}"', error.lineno or 1)
    if isinstance(error, ValueError):
        return Unread(f'{python} says "{error}"')
    return Unread(f"it is nested too deeply for {python}")

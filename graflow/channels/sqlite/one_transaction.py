"""One transaction on a connection: all of it happens, or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from graflow.channels.sqlite.sqlite_errors import is_busy

__all__ = ["OF_SQLITE", "CommitFailed", "alone", "within"]

R = TypeVar("R")

OF_SQLITE: Final = (sqlite3.Error, OverflowError)
"""What statements raise; the latter for a value of more than 2 GiB."""


class CommitFailed(Exception):
    """SQLite failed in the last step of a change.

    Attributes:
        error: What it said.
    """

    def __init__(self, error: sqlite3.Error) -> None:
        super().__init__()
        self.error: Final = error


def within(
    connection: sqlite3.Connection, begin: str, body: Callable[[sqlite3.Connection], R]
) -> R:
    """Return what `body` returns in a transaction, which ends without a trace if it raises.

    Args:
        connection: Not in a transaction yet.
        begin: The statement that begins it.
        body: Reads, and changes, what it likes.

    Raises:
        CommitFailed: SQLite failed in the last step, for another reason than that it is busy.
        sqlite3.Error, OverflowError: A statement failed.
    """
    try:
        connection.execute(begin)
        result = body(connection)
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if is_busy(error):
                raise
            raise CommitFailed(error) from error
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
    return result


def alone(
    connection: sqlite3.Connection,
    statement: str,
    arguments: tuple[Any, ...],
    take: Callable[[sqlite3.Cursor], R],
) -> R:
    """Return what `take` returns of a statement that is a transaction of its own.

    Raises:
        CommitFailed: SQLite failed, perhaps in the last step.
        sqlite3.Error, OverflowError: It is busy, or the value is too large to begin with.
    """
    try:
        return take(connection.execute(statement, arguments))
    except sqlite3.Error as error:
        if is_busy(error):
            raise
        raise CommitFailed(error) from error

"""Layout of a file: its tables, how a file is recognised as ours, and how an older one is changed.

A file of ours carries `APPLICATION` as its `application_id`, and the version of its layout as its
`user_version`. A file that contains anything else is never written to.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from graflow.exceptions import ChannelDataError, ChannelValueError

__all__ = ["APPLICATION", "LAYOUTS", "is_current", "is_ours", "prepare"]

APPLICATION: Final = 0x67_72_66_6C
"""The `application_id` of our files: `grfl` in ASCII."""

# An entry with a value of NULL is a list. Its items have the number in `list`; `first` is the
# position of the first one, `after` that behind the last. `expires` is in ms since 1970.
_FIRST = """
CREATE TABLE entries (
    channel TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB,
    list INTEGER,
    first INTEGER,
    after INTEGER,
    expires INTEGER,
    PRIMARY KEY (channel, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX expiring ON entries (expires) WHERE expires IS NOT NULL;

CREATE TABLE lists (number INTEGER PRIMARY KEY) STRICT;

CREATE TABLE items (
    list INTEGER NOT NULL,
    position INTEGER NOT NULL,
    item BLOB NOT NULL,
    PRIMARY KEY (list, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER list_removed AFTER DELETE ON entries WHEN old.value IS NULL BEGIN
    DELETE FROM items WHERE list = old.list;
    DELETE FROM lists WHERE number = old.list;
END;

CREATE TABLE waiters (
    place INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    lock TEXT NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL,
    UNIQUE (channel, lock, owner)
) STRICT;
"""

LAYOUTS: Final = [_FIRST]
"""What turns an empty file into version 1, version 1 into version 2, and so on."""


def is_current(connection: sqlite3.Connection, path: str) -> bool:
    """Tell whether a file has the newest layout; look at it at one moment, and change nothing.

    Args:
        connection: A connection to it.
        path: Where it is, for messages.

    Raises:
        ChannelValueError: It is a database of another program.
        ChannelDataError: It has a layout that a later graflow made.
        sqlite3.Error: It is no database, or it can't be read.
    """
    connection.execute("BEGIN")  # others may just be making it
    try:
        version, application, tables = _marks(connection)
    finally:
        if connection.in_transaction:  # an error may have ended it
            connection.execute("ROLLBACK")
    if application != APPLICATION and (application or version or tables):
        raise ChannelValueError(
            f"{path} is an SQLite database of another program, and was left as it is; "
            "name another file"
        )
    if version > len(LAYOUTS):
        raise ChannelDataError(
            f"{path} was written by a later version of graflow (its layout is {version}, and this "
            f"one knows up to {len(LAYOUTS)}); upgrade graflow"
        )
    return bool(version == len(LAYOUTS))


def is_ours(connection: sqlite3.Connection) -> bool:
    """Tell whether a file carries our mark, whatever its layout."""
    return _marks(connection)[1] == APPLICATION


def prepare(connection: sqlite3.Connection) -> None:
    """Bring a new or an older file of ours to the newest layout; of several at once, one does it.

    Raises:
        sqlite3.Error: It can't be written to, or others use it just now.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        version, *_ = _marks(connection)
        for step in LAYOUTS[version:]:  # none, if somebody else was faster
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(LAYOUTS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _marks(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return the version of the layout, the program that a file belongs to, and its tables."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return version, application, tables


def _statements(script: str) -> list[str]:
    """Return the statements of a script; `executescript` would end the transaction."""
    found, begun = [], ""
    for line in script.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found

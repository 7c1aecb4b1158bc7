"""Channels in an SQLite file: a correct backend, of which broken ones derive.

It passes the conformance suite (`test_sqlite.py`). It is short rather than fast: a list is one row,
read and written as a whole.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import finalize

from graflow.channels.backend import Answer, Backend, Change, Check, Conflict, Held, Record
from graflow.channels.base import Channel
from graflow.channels.commits.settling import Outcome, record_of, settle
from graflow.channels.hidden_keys import KEPT
from graflow.system.forks import guard

__all__ = ["SqliteBackend", "SqliteChannel"]

# A value is a blob, and a list is text.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    channel TEXT, key TEXT, data, expires INTEGER, PRIMARY KEY (channel, key)
) WITHOUT ROWID;
"""
_WAIT = 30.0  # seconds for another process to end its transaction


class SqliteChannel(Channel):
    """A channel in an SQLite file. Handles on one file and of one name share their keys."""

    def __init__(self, name: str, path: str | Path) -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text.
            path: The file; it is made if there is none.
        """
        super().__init__(SqliteBackend(name, path))


class SqliteBackend(Backend):
    """The records of a channel in an SQLite file."""

    def __init__(self, name: str, path: str | Path) -> None:
        """Keep the records of the channel called `name` in a file."""
        super().__init__(name)
        self._path = str(Path(path).absolute())
        self._file = _File()

    def __reduce__(self) -> tuple[Any, ...]:
        """Describe the backend for another process; a connection can't go there."""
        return type(self), (self.name, self._path)

    def close(self) -> None:
        """Close the file until it is used again."""
        with self._file.lock:
            if self._file.connection is not None:
                self._file.connection.close()
                self._file.connection = None

    @contextmanager
    def _transaction(self) -> Generator[_Rows]:
        """Let nobody else write, and undo everything if the body raises."""
        with self._file.lock:
            connection = self._file.connection or self._file.connect(self._path)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Rows(connection, self.name)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def read(self, keys: Sequence[str]) -> list[Held | None]:
        """Return what keys hold at one moment."""
        with self._transaction() as rows:
            return [rows.held(key) for key in keys]

    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        """Make all changes if all checks hold."""
        with self._transaction() as rows:
            done = settle(checks, changes, rows.find, rows.keys)
            if isinstance(done, Conflict):
                return done
            for key, outcome in done.outcomes.items():
                rows.become(key, outcome)
            return done.answers

    def keys(self, *, kept: bool = False) -> list[str]:
        """Return the users' keys, or those that graflow keeps about the channel."""
        with self._transaction() as rows:
            return rows.keys(kept=kept)

    def clear(self, *, kept: bool = False) -> None:
        """Remove the users' keys, or all."""
        with self._transaction() as rows:
            for key in [*rows.keys(), *(rows.keys(kept=True) if kept else ())]:
                rows.remove(key)


class _File:
    """The connection to a file, and the lock of the thread that uses it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
        self._closed_at_last: finalize[Any, Any] | None = None
        guard(self)

    def start_anew(self) -> None:
        """Connect anew in a forked process: SQLite allows it neither to use nor to close this."""
        self.lock = threading.Lock()
        if self._closed_at_last is not None:
            self._closed_at_last.detach()
        self._of_parent, self.connection = self.connection, None

    def connect(self, path: str) -> sqlite3.Connection:
        self.connection = connection = sqlite3.connect(
            path, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        self._closed_at_last = finalize(self, connection.close)
        self._closed_at_last.atexit = False  # threads may still use it then
        # In WAL mode an open connection holds a lock. After a fork SQLite believes that the child
        # holds it as well; then the parent removes the log when it closes, with the child's writes.
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
        return connection


class _Rows:
    """The rows of one channel, inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, channel: str) -> None:
        self._now = time.time_ns() // 1_000_000
        self._run = connection.execute
        self._channel = channel

    def held(self, key: str) -> Held | None:
        """Return the record of a live key, and the ms that it has left."""
        row = self._run(
            "SELECT data, expires - ? FROM entries"
            " WHERE channel = ? AND key = ? AND (expires IS NULL OR expires > ?)",
            (self._now, self._channel, key, self._now),
        ).fetchone()
        if row is None:
            return None
        data, left = row
        if isinstance(data, bytes):
            return Held(data, left)
        return Held([item.encode("latin-1") for item in json.loads(data)], left)

    def find(self, key: str) -> Record | None:
        held = self.held(key)
        return None if held is None else held.record

    def become(self, key: str, outcome: Outcome) -> None:
        """Store what a commit makes of a key."""
        old = self.held(key)
        record = record_of(outcome, None if old is None else old.record)
        if record is None:
            self.remove(key)
            return
        left = outcome.ttl or (None if outcome.ttl is None or old is None else old.left)
        data: bytes | str
        if isinstance(record, bytes):
            data = record
        else:
            data = json.dumps([item.decode("latin-1") for item in record])
        self._run(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)",
            (self._channel, key, data, None if left is None else self._now + left),
        )

    def remove(self, key: str) -> None:
        self._run("DELETE FROM entries WHERE channel = ? AND key = ?", (self._channel, key))

    def keys(self, *, kept: bool = False) -> list[str]:
        found = self._run(
            "SELECT key FROM entries WHERE channel = ? AND (expires IS NULL OR expires > ?)",
            (self._channel, self._now),
        )
        return [key for (key,) in found if key.startswith(KEPT) is kept]

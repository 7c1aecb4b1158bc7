"""A backend on SQLite: channels in a file, shared by the processes of one machine.

This is the example of `docs/backends.md`. It only needs the standard library, and passes the
conformance suite (`tests/testing/test_sqlite.py`).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graflow.channels.backend import MISSING, Missing, NotAList
from graflow.channels.base import Channel
from graflow.channels.codec.codec import Record
from graflow.channels.locks.fences import next_fence
from graflow.system.forks import guard

__all__ = ["SqliteChannel"]

# The bytes of a value are in `data`. For a list that is NULL, and `items` has a row for each item.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    channel TEXT, key TEXT, data BLOB, expires INTEGER, PRIMARY KEY (channel, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    channel TEXT, key TEXT, place INTEGER, data BLOB, PRIMARY KEY (channel, key, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS locks (
    channel TEXT, key TEXT, owner TEXT, fence INTEGER, ends INTEGER, PRIMARY KEY (channel, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    came INTEGER PRIMARY KEY, channel TEXT, key TEXT, owner TEXT UNIQUE, until INTEGER
);
"""
_WAIT = 30.0  # seconds for another process to end its transaction


class SqliteChannel(Channel):
    """A channel in an SQLite file. Handles with the same file and name share their keys."""

    def __init__(self, name: str, path: str | Path) -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text.
            path: The file; it is created if it does not exist.
        """
        super().__init__(name)
        self._path = str(Path(path).absolute())
        self._start()

    def _start(self) -> None:
        self._file = _File()

    def __getstate__(self) -> dict[str, Any]:
        """Describe the channel for another process; a connection can't be sent there."""
        return {"_name": self._name, "_path": self._path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._start()

    def close(self) -> None:
        """Close the file until the handle is used again."""
        with self._file.lock:
            if self._file.connection is not None:
                self._file.connection.close()
                self._file.connection = None

    @contextmanager
    def _transaction(self) -> Generator[_Rows]:
        """Lock others out for the body, and undo everything if it raises."""
        with self._file.lock:
            connection = self._file.connection or self._file.connect(self._path)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Rows(connection, self._name)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    # Primitives

    def _read(self, key: str) -> Record | None:
        return self._read_many([key])[0]

    def _read_many(self, keys: Sequence[str]) -> list[Record | None]:
        with self._transaction() as rows:
            return [rows.record(key) for key in keys]

    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        self._write_many({key: record}, ttl)

    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        with self._transaction() as rows:
            for key, record in records.items():
                rows.put(key, record, None if ttl is None else rows.now + ttl)

    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        with self._transaction() as rows:
            found = rows.find(key)
            if found is None:
                rows.put(key, [], None)
            elif found[0] is not None:
                raise NotAList
            first, last = rows.ends(key)
            rows.insert(key, first - 1 if at_head else last + 1, item)
            if ttl is not None:
                rows.expire(key, rows.now + ttl)
            return last - first + 2

    def _first(self, key: str) -> bytes | None:
        with self._transaction() as rows:
            return rows.first(key)

    def _pop(self, key: str) -> bytes | None:
        with self._transaction() as rows:
            item = rows.first(key)
            if item is not None:
                rows.drop_first(key)
            return item

    def _pop_if(self, key: str, item: bytes) -> bool:
        with self._transaction() as rows:
            found = rows.find(key)
            is_first = found is not None and found[0] is None and rows.first(key) == item
            if is_first:
                rows.drop_first(key)
            return is_first

    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        with self._transaction() as rows:
            found = rows.find(key)
            is_old = rows.record(key) == old
            if is_old:
                rows.put(key, new, None if found is None else found[1])
            return is_old

    def _delete(self, key: str) -> bool:
        with self._transaction() as rows:
            was_there = rows.find(key) is not None
            rows.remove(key)
            return was_there

    def _exists(self, key: str) -> bool:
        with self._transaction() as rows:
            return rows.find(key) is not None

    def _keys(self) -> list[str]:
        with self._transaction() as rows:
            return rows.keys()

    def _clear(self) -> None:
        with self._transaction() as rows:
            rows.clear()

    def _remaining(self, key: str) -> int | Missing | None:
        with self._transaction() as rows:
            found = rows.find(key)
            if found is None:
                return MISSING
            return None if found[1] is None else found[1] - rows.now

    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        with self._transaction() as rows:
            holder, fence, ends = rows.lock(key)
            if ends > rows.now:
                if holder != owner:
                    return holder
                fence = max(fence, least)
            else:
                first = next(iter(rows.line(key)), owner)
                if first != owner:
                    return first
                rows.leave_line(key, owner)
                fence = next_fence(fence, least)
            rows.put_lock(key, owner, fence, rows.now + lease)
            return fence

    def _line_up(self, key: str, owner: str, patience: int) -> int:
        with self._transaction() as rows:
            if not patience:
                rows.leave_line(key, owner)
                return 0
            rows.wait(key, owner, rows.now + patience)
            return rows.line(key).index(owner)

    def _renew(self, key: str, owner: str, lease: int) -> bool:
        with self._transaction() as rows:
            holder, fence, ends = rows.lock(key)
            if holder != owner or ends <= rows.now:
                return False
            rows.put_lock(key, owner, fence, rows.now + lease)
            return True

    def _release(self, key: str, owner: str) -> bool:
        with self._transaction() as rows:
            holder, fence, ends = rows.lock(key)
            if holder != owner or ends <= rows.now:
                return False
            rows.put_lock(key, owner, fence, 0)  # keep the number: the next one has to be larger
            return True


class _File:
    """The connection to a file, and the lock of the thread that uses it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
        guard(self)

    def start_anew(self) -> None:
        """Forget the parent's connection: SQLite lets a fork neither use nor close it."""
        self.lock = threading.Lock()
        self._of_parent, self.connection = self.connection, None

    def connect(self, path: str) -> sqlite3.Connection:
        self.connection = connection = sqlite3.connect(
            path, timeout=_WAIT, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
        return connection


class _Rows:
    """The rows of one channel, inside a transaction.

    Attributes:
        now: The time of the transaction, in ms.
    """

    def __init__(self, connection: sqlite3.Connection, channel: str) -> None:
        self.now = time.time_ns() // 1_000_000
        self._run = connection.execute
        self._run_many = connection.executemany
        self._channel = channel

    def find(self, key: str) -> tuple[bytes | None, int | None] | None:
        """Return the data of a live key and when it expires."""
        found: tuple[bytes | None, int | None] | None = self._run(
            "SELECT data, expires FROM entries"
            " WHERE channel = ? AND key = ? AND (expires IS NULL OR expires > ?)",
            (self._channel, key, self.now),
        ).fetchone()
        if found is None:
            self.remove(key)  # it may have expired
        return found

    def record(self, key: str) -> Record | None:
        found = self.find(key)
        if found is None or found[0] is not None:
            return None if found is None else found[0]
        items = self._run(
            "SELECT data FROM items WHERE channel = ? AND key = ? ORDER BY place",
            (self._channel, key),
        )
        return [data for (data,) in items]

    def put(self, key: str, record: Record, expires: int | None) -> None:
        self.remove(key)
        data = record if isinstance(record, bytes) else None
        self._run("INSERT INTO entries VALUES (?, ?, ?, ?)", (self._channel, key, data, expires))
        if data is None:
            self._run_many(
                "INSERT INTO items VALUES (?, ?, ?, ?)",
                [(self._channel, key, place, item) for place, item in enumerate(record)],
            )

    def insert(self, key: str, place: int, item: bytes) -> None:
        self._run("INSERT INTO items VALUES (?, ?, ?, ?)", (self._channel, key, place, item))

    def ends(self, key: str) -> tuple[int, int]:
        """Return the places of the first and the last item; 0 and -1 for an empty list."""
        first, last = self._run(
            "SELECT"
            " (SELECT MIN(place) FROM items WHERE channel = :channel AND key = :key),"
            " (SELECT MAX(place) FROM items WHERE channel = :channel AND key = :key)",
            {"channel": self._channel, "key": key},
        ).fetchone()
        return (0, -1) if first is None else (first, last)

    def first(self, key: str) -> bytes | None:
        """Return the first item of a list; raise `NotAList` for a value."""
        found = self.find(key)
        if found is not None and found[0] is not None:
            raise NotAList
        item: tuple[bytes] | None = self._run(
            "SELECT data FROM items WHERE channel = ? AND key = ? ORDER BY place LIMIT 1",
            (self._channel, key),
        ).fetchone()
        return None if item is None else item[0]

    def drop_first(self, key: str) -> None:
        """Remove the first item, and with the last one the key."""
        first, last = self.ends(key)
        if first == last:
            self.remove(key)
        else:
            self._run(
                "DELETE FROM items WHERE channel = ? AND key = ? AND place = ?",
                (self._channel, key, first),
            )

    def expire(self, key: str, at: int) -> None:
        self._run(
            "UPDATE entries SET expires = ? WHERE channel = ? AND key = ?",
            (at, self._channel, key),
        )

    def remove(self, key: str) -> None:
        for table in ("entries", "items"):
            self._run(f"DELETE FROM {table} WHERE channel = ? AND key = ?", (self._channel, key))

    def keys(self) -> list[str]:
        found = self._run(
            "SELECT key FROM entries WHERE channel = ? AND (expires IS NULL OR expires > ?)",
            (self._channel, self.now),
        )
        return [key for (key,) in found]

    def clear(self) -> None:
        for table in ("entries", "items"):
            self._run(f"DELETE FROM {table} WHERE channel = ?", (self._channel,))

    def lock(self, key: str) -> tuple[str, int, int]:
        """Return a lock's latest holder, its fence, and when its lease ends."""
        found: tuple[str, int, int] | None = self._run(
            "SELECT owner, fence, ends FROM locks WHERE channel = ? AND key = ?",
            (self._channel, key),
        ).fetchone()
        return found or ("", 0, 0)

    def put_lock(self, key: str, owner: str, fence: int, ends: int) -> None:
        self._run(
            "INSERT OR REPLACE INTO locks VALUES (?, ?, ?, ?, ?)",
            (self._channel, key, owner, fence, ends),
        )

    def line(self, key: str) -> list[str]:
        """Return the owners waiting for a lock, in order of arrival."""
        found = self._run(
            "SELECT owner FROM waiting WHERE channel = ? AND key = ? AND until > ? ORDER BY came",
            (self._channel, key, self.now),
        )
        return [owner for (owner,) in found]

    def wait(self, key: str, owner: str, until: int) -> None:
        """Keep a place in the line, and remove places that were given up."""
        self._run("DELETE FROM waiting WHERE until <= ?", (self.now,))
        self._run(
            "INSERT INTO waiting (channel, key, owner, until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (owner) DO UPDATE SET until = excluded.until",
            (self._channel, key, owner, until),
        )

    def leave_line(self, key: str, owner: str) -> None:
        self._run(
            "DELETE FROM waiting WHERE channel = ? AND key = ? AND owner = ?",
            (self._channel, key, owner),
        )

"""Rows of one channel, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, overload

from typing_extensions import override

from graflow.channels.backend import Extent
from graflow.channels.commits.commit import KEEP, Held
from graflow.channels.commits.stage import Ends, Found, Outcome
from graflow.channels.hidden_keys import FENCES, KEPT, kept_key

__all__ = ["GET", "PUT", "PUT_FOR_GOOD", "Rows"]

_LIVE: Final = "(expires IS NULL OR expires > ?)"


def after_prefix(prefix: str) -> str:
    """Return what comes right behind all texts with a prefix of ASCII."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


_AFTER_KEPT: Final = after_prefix(KEPT)

GET: Final = f"SELECT value FROM entries WHERE channel = ? AND key = ? AND {_LIVE}"
"""Finds the value of a key: of a channel's name, a key, and the time."""

PUT: Final = (
    "INSERT INTO entries (channel, key, value, expires) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
    " WHERE value IS NOT NULL"
)
"""Lets a key hold a value: of a channel's name, a key, the value, and when it expires.

It does nothing where the key holds a list, which has to go first.
"""

PUT_FOR_GOOD: Final = (
    "INSERT INTO entries (channel, key, value) VALUES (?, ?, ?)"
    " ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value"
    " WHERE value IS NOT NULL AND expires IS NULL"
)
"""Does the same where neither what was there nor the value expires, which is faster."""

_FIND: Final = (
    "SELECT value, list, first, after, expires FROM entries"
    f" WHERE channel = ? AND key = ? AND {_LIVE}"
)
_EXISTS: Final = f"SELECT 1 FROM entries WHERE channel = ? AND key = ? AND {_LIVE}"
_ITEMS: Final = (
    "SELECT item FROM items WHERE list = ? AND position >= ? AND position < ? ORDER BY position"
)
_EXTENT: Final = (
    "SELECT length(value), list, first, after, expires FROM entries"
    f" WHERE channel = ? AND key = ? AND {_LIVE}"
)
_SIZE_OF_ITEMS: Final = (
    "SELECT ifnull(sum(length(item)), 0) FROM items"
    " WHERE list = ? AND position >= ? AND position < ?"
)
_LOOKED_AT: Final = 100  # items of a list, by which all of them are measured
_SOME: Final = f" AND key >= ? AND {_LIVE} ORDER BY key LIMIT ?"
_NEXT_CHANNEL: Final = "SELECT min(channel) FROM entries WHERE channel > ?"
_HOLDS_SOMETHING: Final = (
    f"SELECT 1 FROM entries WHERE channel = ? AND {_LIVE}"
    " AND key <> ? AND (key < ? OR key >= ?) LIMIT 1"
)
_OF_USERS: Final = "channel = ? AND (key < ? OR key >= ?)"
_KEPT: Final = "channel = ? AND key >= ? AND key < ?"
_DELETE: Final = "DELETE FROM entries WHERE channel = ? AND key = ?"


class Row(NamedTuple):
    """The entry of a key.

    Attributes:
        value: Its value; `None` if it is a list.
        list: The number of the list.
        first: The position of the list's first item.
        after: The position behind its last item.
        expires: When it expires, in ms since 1970.
    """

    value: bytes | None
    list: int
    first: int
    after: int
    expires: int | None


class StoredList(Sequence[bytes]):
    """A list in the file, of which an item is read when somebody asks for it."""

    def __init__(self, connection: sqlite3.Connection, row: Row) -> None:
        """Read nothing yet."""
        self._run = connection.execute
        self._row = row

    @override
    def __len__(self) -> int:
        return self._row.after - self._row.first

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...

    @override
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self.between(start, stop)[::step] if step > 0 else list(self)[index]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = self._row.first + index % len(self)
        return self.between(place - self._row.first, place - self._row.first + 1)[0]

    @override
    def __iter__(self) -> Iterator[bytes]:
        found = self._run(_ITEMS, (self._row.list, self._row.first, self._row.after))
        return (item for (item,) in found)

    def between(self, start: int, stop: int) -> list[bytes]:
        """Return the items from one index up to another, which is left out."""
        first = self._row.first
        found = self._run(_ITEMS, (self._row.list, first + start, first + max(start, stop)))
        return [item for (item,) in found]


class Rows:
    """The rows of one channel, inside a transaction.

    Attributes:
        run: Executes a statement.
        channel: The channel's name.
        now: The time, in ms since 1970.
    """

    def __init__(self, connection: sqlite3.Connection, channel: str, now: int) -> None:
        """Look at a channel at one moment."""
        self._connection = connection
        self.run = connection.execute
        self.channel = channel
        self.now = now
        self._seen: dict[str, Row | None] = {}

    # What is there

    def held(self, key: str) -> Held | None:
        """Return the record of a live key, and the ms that it has left."""
        row = self._row(key)
        if row is None:
            return None
        record = list(StoredList(self._connection, row)) if row.value is None else row.value
        return Held(record, None if row.expires is None else row.expires - self.now)

    def find(self, key: str) -> Found:
        """Return what a live key holds; the items of a list are read when they are asked for."""
        row = self._row(key)
        if row is None:
            return None
        return StoredList(self._connection, row) if row.value is None else row.value

    def exists(self, key: str) -> bool:
        """Tell whether a key is live."""
        return bool(self.run(_EXISTS, (self.channel, key, self.now)).fetchall())

    def keys(self, *, kept: bool = False) -> list[str]:
        """Return the live keys, as `Backend.keys` does."""
        found = self.run(
            f"SELECT key FROM entries WHERE {_KEPT if kept else _OF_USERS} AND {_LIVE}",
            (self.channel, KEPT, _AFTER_KEPT, self.now),
        )
        return [key for (key,) in found]

    def extent(self, key: str) -> Extent | None:
        """Return how much a live key holds; of a list, by its first items."""
        found = self.run(_EXTENT, (self.channel, key, self.now)).fetchall()
        if not found:
            return None
        size, number, first, after, expires = found[0]
        left = None if expires is None else expires - self.now
        if size is not None:
            return Extent(size, None, left)
        looked_at = (number, first, min(after, first + _LOOKED_AT))
        ((some,),) = self.run(_SIZE_OF_ITEMS, looked_at).fetchall()
        seen = looked_at[2] - first
        return Extent(some * (after - first) // seen if seen else 0, after - first, left)

    def keys_from(self, start: str, most: int, *, kept: bool = False) -> list[str]:
        """Return `most` of the live keys at most, in order: those from `start` on."""
        found = self.run(
            f"SELECT key FROM entries WHERE {_KEPT if kept else _OF_USERS}{_SOME}",
            (self.channel, KEPT, _AFTER_KEPT, start, self.now, most),
        )
        return [key for (key,) in found]

    def next_channel(self, after: str) -> str | None:
        """Return the first channel of the file, by name, that holds more than locks."""
        locks = kept_key("lock", "")
        while True:
            ((name,),) = self.run(_NEXT_CHANNEL, (after,)).fetchall()
            if name is None:
                return None
            those = (name, self.now, FENCES, locks, after_prefix(locks))
            if self.run(_HOLDS_SOMETHING, those).fetchall():
                return str(name)
            after = name

    # What becomes of it

    def become(self, key: str, outcome: Outcome) -> None:
        """Store what a commit makes of a key."""
        now, ttl = outcome
        if isinstance(now, bytes) and ttl != KEEP:
            self.put(key, now, ttl)
            return
        row = self._row(key)
        expires = self.now + ttl if ttl else None
        if ttl == KEEP and row is not None:
            expires = row.expires
        if isinstance(now, bytes):
            self._put(key, now, expires)
        elif isinstance(now, Ends):
            assert row is not None
            self._change_ends(key, row, now, expires)
        else:
            self.run(_DELETE, (self.channel, key))
            if now is not None:
                self._add_list(key, now, expires)

    def put(self, key: str, value: bytes, ttl: int | None) -> None:
        """Let a key hold a value, and expire in `ttl` ms."""
        self._put(key, value, None if ttl is None else self.now + ttl)

    def push(self, key: str, item: bytes, ttl: int, at_head: bool) -> int | None:
        """Add an item to a list that is there, and return its length; `None` if it is not."""
        moved = "first = first - 1" if at_head else "after = after + 1"
        expires = self.now + ttl if ttl else None
        found = self.run(
            f"UPDATE entries SET {moved}, expires = ifnull(?, expires)"
            f" WHERE channel = ? AND key = ? AND value IS NULL AND {_LIVE}"
            " RETURNING list, first, after",
            (expires, self.channel, key, self.now),
        ).fetchall()
        if not found:
            return None
        number, first, after = found[0]
        place = first if at_head else after - 1
        self.run("INSERT INTO items VALUES (?, ?, ?)", (number, place, item))
        return int(after - first)

    def remove(self, key: str) -> bool:
        """Remove a key; tell whether it was live."""
        was_live = self.exists(key)
        self.run(_DELETE, (self.channel, key))
        return was_live

    def clear(self, behind: str, most: int) -> str | None:
        """Remove users' keys in their order: those behind a key, `most` of them at the most.

        Returns:
            The last key that went, if there may be more.
        """
        gone = self.run(
            "DELETE FROM entries WHERE channel = ? AND key IN"
            f" (SELECT key FROM entries WHERE {_OF_USERS} AND key > ? ORDER BY key LIMIT ?)"
            " RETURNING key",
            (self.channel, self.channel, KEPT, _AFTER_KEPT, behind, most),
        ).fetchall()
        last: str | None = max(gone)[0] if len(gone) == most else None
        return last

    def forget(self) -> None:
        """Remove what is kept about the channel."""
        self.run(f"DELETE FROM entries WHERE {_KEPT}", (self.channel, KEPT, _AFTER_KEPT))
        self.run("DELETE FROM waiters WHERE channel = ?", (self.channel,))

    def collect(self, most: int) -> int:
        """Remove what has expired in all channels, `most` entries of it at the most; count them."""
        gone = self.run(
            "DELETE FROM entries WHERE (channel, key) IN"
            " (SELECT channel, key FROM entries WHERE expires <= ? ORDER BY expires LIMIT ?)",
            (self.now, most),
        ).rowcount
        self.run("DELETE FROM waiters WHERE until <= ?", (self.now,))
        return gone

    def _row(self, key: str) -> Row | None:
        """Return the row of a live key, as it was before this transaction."""
        if key not in self._seen:
            found = self.run(_FIND, (self.channel, key, self.now)).fetchall()
            self._seen[key] = Row(*found[0]) if found else None
        return self._seen[key]

    def _put(self, key: str, value: bytes, expires: int | None) -> None:
        if not self.run(PUT, (self.channel, key, value, expires)).rowcount:
            self.run(_DELETE, (self.channel, key))
            self.run(PUT, (self.channel, key, value, expires))

    def _add_list(self, key: str, items: Sequence[bytes], expires: int | None) -> None:
        number = self.run("INSERT INTO lists DEFAULT VALUES").lastrowid
        assert number is not None
        self.run(
            "INSERT INTO entries (channel, key, list, first, after, expires)"
            " VALUES (?, ?, ?, 0, ?, ?)",
            (self.channel, key, number, len(items), expires),
        )
        self._add_items(number, 0, items)

    def _change_ends(self, key: str, row: Row, ends: Ends, expires: int | None) -> None:
        first = row.first + ends.dropped - len(ends.head)
        if ends.dropped:
            gone = (row.list, row.first + ends.dropped)
            self.run("DELETE FROM items WHERE list = ? AND position < ?", gone)
        self._add_items(row.list, first, ends.head)
        self._add_items(row.list, row.after, ends.tail)
        self.run(
            "UPDATE entries SET first = ?, after = ?, expires = ? WHERE channel = ? AND key = ?",
            (first, row.after + len(ends.tail), expires, self.channel, key),
        )

    def _add_items(self, number: int, position: int, items: Sequence[bytes]) -> None:
        if items:
            rows: Any = ((number, place, item) for place, item in enumerate(items, position))
            self._connection.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)

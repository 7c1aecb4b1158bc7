"""Backend of channels in an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, Self, TypeVar

from typing_extensions import override

from graflow.channels.backend import (
    KEEP,
    Answer,
    Backend,
    Change,
    Check,
    Conflict,
    Extent,
    Fence,
    Held,
    NotAList,
    Push,
    Record,
    Signals,
)
from graflow.channels.commits.settling import settle
from graflow.channels.operation.told_errors import blame
from graflow.channels.sqlite import lock_rows
from graflow.channels.sqlite.database import ClosedDatabase, Database, database_at
from graflow.channels.sqlite.rows import GET, PUT, PUT_FOR_GOOD, Rows, StoredList
from graflow.channels.sqlite.temporary import TemporaryFile, kept_file
from graflow.exceptions import ChannelError, ChannelOverflowError
from graflow.system.clock import milliseconds_since_1970 as now

__all__ = ["SQLiteBackend"]

R = TypeVar("R")

_ROWS: Final = sqlite3.Cursor.fetchall
_CHANGED: Final = attrgetter("rowcount")

_CLEAR_AT_ONCE: Final = 10_000
_AT_ONCE: Final = 1_000  # keys that are listed in one step
_PAUSE: Final = 1_000  # ms between two collections of what has expired
_SHORT_PAUSE: Final = 10  # ms, while there is more than one collection takes
_COLLECTED: Final = 500  # rows at the most, so that nobody waits for long


class SQLiteBackend(Backend):
    """A channel's records in an SQLite file, shared by the processes of one machine.

    A commit is one transaction of the file. Writes collect some of what has expired, once a second,
    and more often as long as there is more of it.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        timeout: float,
        fence: Fence | None = None,
    ) -> None:
        """Keep the records of the channel called `name` in a file."""
        super().__init__(name)
        self.timeout = timeout
        self.server = f"sqlite://{database.path}"
        self._database = database
        database.enter(self)
        self._fence = fence
        self._file: TemporaryFile | None = None
        self._signals: Signals | None = None
        self._collects_next = 0  # ms since 1970

    @property
    @override
    def address(self) -> str:
        return self._database.path

    def __reduce__(self) -> tuple[Any, ...]:
        """Describe the backend for another process; a connection can't go there."""
        database = self._database
        place = database.path, database.durable
        return _reopen, (type(self), self.name, place, self.timeout, self._fence)

    @override
    def beside(self, name: str) -> Self:
        fence = self._fence if name == self.name else None  # another handle is no way round it
        return self._another(name, fence)

    @override
    def reopened(self) -> Self:
        return self.beside(self.name)

    @override
    def fenced(self, fence: Fence) -> Self:
        return self._another(self.name, fence)

    def keep(self, file: TemporaryFile | None) -> None:
        """Keep a file until this is closed, or nobody has it any more."""
        self._file = file

    def _another(self, name: str, fence: Fence | None) -> Self:
        other = type(self)(name, self._database, self.timeout, fence)
        other._file = self._file
        return other

    @override
    def close(self) -> None:
        database = self._database
        self._database = ClosedDatabase(database.path, durable=database.durable)
        database.leave(self)
        self._file = None
        database.news.tell(self.name, None)  # who waits here looks again, and is told

    # Reads

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return self._read(lambda rows: [rows.held(key) for key in keys])

    @override
    def get(self, key: str) -> Record | None:
        try:
            moment = now()
            found = self._database.ask(GET, (self.name, key, moment), _ROWS, self.timeout, moment)
        except ChannelError as error:
            blame(error, self.name, key)
        if not found:
            return None
        value: bytes | None = found[0][0]
        if value is not None:
            return value
        held = self.read((key,))[0]
        return None if held is None else held.record

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        def first(rows: Rows) -> list[bytes]:
            found = rows.find(key)
            if isinstance(found, bytes):
                raise NotAList(key)
            return found.between(0, count) if isinstance(found, StoredList) else []

        return self._read(first)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return self._read(lambda rows: [rows.exists(key) for key in keys])

    @override
    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        return self._read(lambda rows: [rows.extent(key) for key in keys])

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return self._read(lambda rows: rows.keys(kept=kept))

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        start: str | None = prefix
        while start is not None:
            found = self._read(
                lambda rows, start=start: rows.keys_from(start, _AT_ONCE, kept=kept)  # type: ignore[misc]
            )
            fit = [key for key in found if key.startswith(prefix)]
            yield fit
            # No text comes between a text and the same with a NUL behind it.
            start = f"{fit[-1]}\0" if len(fit) == _AT_ONCE else None

    @override
    def names_beside(self) -> Iterator[str]:
        name: str | None = ""
        while name is not None:
            name = self._read(lambda rows, name=name: rows.next_channel(name))  # type: ignore[misc]
            if name is not None:
                yield name

    # Changes

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        def make(rows: Rows) -> list[Answer] | Conflict:
            done = settle(checks, changes, rows.find, rows.keys)
            if isinstance(done, Conflict):
                return done
            for key, outcome in done.outcomes.items():
                rows.become(key, outcome)
            return done.answers

        answers = self._write(make)
        if not isinstance(answers, Conflict):
            self._tell(change.key for change in changes)
        return answers

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        moment = now()
        is_simple = type(record) is bytes and ttl != KEEP and self._fence is None
        if is_simple and moment <= self._collects_next <= moment + _PAUSE:
            statement = PUT_FOR_GOOD if ttl is None else PUT
            arguments: tuple[Any, ...] = self.name, key, record
            if ttl is not None:
                arguments = (*arguments, moment + ttl)
            try:
                if self._database.ask(statement, arguments, _CHANGED, self.timeout, moment):
                    self._tell((key,))
                    return
            except ChannelError as error:
                blame(error, self.name, key)
        super().put(key, record, ttl)

    @override
    def apply(self, change: Change) -> Any:
        if type(change) is Push:
            length = self._write(lambda rows: rows.push(*change))
            if length is not None:
                self._tell((change.key,))
                return length
        return super().apply(change)

    @override
    def clear(self, *, kept: bool = False) -> None:
        def first(rows: Rows) -> str | None:
            if kept:
                rows.forget()
            return rows.clear("", _CLEAR_AT_ONCE)

        last = self._write(first)
        while last is not None:
            last = self._write(lambda rows, last=last: rows.clear(last, _CLEAR_AT_ONCE))  # type: ignore[misc]
        self._tell(None)

    # Locks

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return self._write(lambda rows: lock_rows.acquire(rows, lock, owner, lease, least))

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        return self._write(lambda rows: lock_rows.line_up(rows, lock, owner, patience))

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return self._write(lambda rows: lock_rows.renew(rows, lock, owner, lease))

    @override
    def release(self, lock: str, owner: str) -> bool:
        # Not fenced: whoever is late may at least free what it holds.
        return self._write(lambda rows: lock_rows.release(rows, lock, owner), is_fenced=False)

    # For those who wait

    @override
    def signals(self) -> Signals:
        if self._signals is None:
            self._signals = self._database.news.signals(self.name)
        return self._signals

    def _tell(self, keys: Iterable[str] | None) -> None:
        self._database.news.tell(self.name, keys)

    # Transactions

    def _read(self, body: Callable[[Rows], R]) -> R:
        try:
            return self._database.read(
                lambda connection: body(Rows(connection, self.name, now())), self.timeout
            )
        except ChannelError as error:
            blame(error, self.name, None)

    def _write(self, body: Callable[[Rows], R], *, is_fenced: bool = True) -> R:
        def write(connection: sqlite3.Connection) -> R:
            rows = Rows(connection, self.name, now())
            fence = self._fence if is_fenced else None
            if fence is not None and rows.find(fence.key) != fence.record:
                raise fence.passed()
            result = body(rows)
            # It lies further ahead than a pause if the clock was set back.
            if not rows.now <= self._collects_next <= rows.now + _PAUSE:
                is_all = rows.collect(_COLLECTED) < _COLLECTED
                self._collects_next = rows.now + (_PAUSE if is_all else _SHORT_PAUSE)
            return result

        try:
            return self._database.write(write, self.timeout)
        except ChannelOverflowError:
            raise  # of the one key that it is about
        except ChannelError as error:
            blame(error, self.name, None)


def _reopen(
    kind: type[SQLiteBackend],
    name: str,
    place: tuple[str, bool],
    timeout: float,
    fence: Fence | None,
) -> SQLiteBackend:
    """Open a backend in the process that it was sent to."""
    path, durable = place
    file = kept_file(path)  # before somebody else lets go of it
    backend = kind(name, database_at(path, durable=durable), timeout, fence)
    backend.keep(file)
    return backend

"""Database: this process's connection to a file, and transactions on it."""

from __future__ import annotations

import atexit
import ctypes
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar
from weakref import WeakSet, WeakValueDictionary, finalize

from graflow.channels.sqlite import layout
from graflow.channels.sqlite.file_signals import FileNews
from graflow.channels.sqlite.file_systems import check_file, network_of
from graflow.channels.sqlite.one_transaction import OF_SQLITE, CommitFailed, alone, within
from graflow.channels.sqlite.sqlite_errors import busy, closed, gone, is_busy, spoilt, translate
from graflow.exceptions import ChannelError, ChannelValueError
from graflow.system.chance import CHANCE
from graflow.system.clock import milliseconds_since_1970, monotonic
from graflow.system.forks import guard

__all__ = ["ClosedDatabase", "Database", "database_at"]

R = TypeVar("R")

_PAUSE: Final = 0.0002  # seconds before the second attempt while others use the file
_LONGEST_PAUSE: Final = 0.01
_LOOK: Final = 100  # ms between two looks whether the file is still there
_PATIENCE: Final = 1.0  # seconds that the end of the process waits for a thread in a transaction
_LOG_LIMIT = 64 << 20  # bytes to which the log is cut back

_SPOILT: Final[set[tuple[int, int]]] = set()
"""Files that this process can't use, since it was forked in the middle of a change of them."""


class Database:
    """A file, and the one connection that all handles of this process on it share.

    Threads use it one after the other. It connects when it is first used, and anew after a fork, in
    the parent too. The file has one writer at a time; whoever comes too early asks again, at random
    moments, so that nobody is always too late.

    Attributes:
        path: The absolute path of the file, without symbolic links.
        durable: Whether each change is on the disk before it is answered.
        lock: Held by the thread that uses the connection.
        news: What tells of changes.
    """

    def __init__(self, path: str, *, durable: bool) -> None:
        """Name the file; nothing is opened yet."""
        self.path = path
        self.durable = durable
        self.lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []  # one, or none
        self._inode: tuple[int, int] | None = None
        self._looked = 0  # ms since 1970
        self._users: WeakSet[Any] = WeakSet()
        self.news = FileNews(self)
        finalize(self, _close, self._open).atexit = False  # threads may still use it then
        guard(self)

    def before_fork(self) -> None:
        """Close the connection: a copy of it would claim locks that only this process has."""
        _close(self._open)

    def start_anew(self) -> None:
        """Take a new lock in a forked process.

        A connection that is still open was in use during the fork. The child can neither use it
        nor close it, and whatever it does with the file goes by locks that it does not have.
        """
        self.lock = threading.Lock()
        for connection in self._open:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))  # so nothing ever closes it
            if self._inode is not None:
                _SPOILT.add(self._inode)
        self._open.clear()

    # Users

    def enter(self, user: object) -> None:
        """Stay open for a user, until it leaves or is gone."""
        with self.lock:
            self._users.add(user)

    def leave(self, user: object) -> None:
        """Close the connection if this was the last user; it is opened again for the next."""
        with self.lock:
            self._users.discard(user)
            if not self._users:
                _close(self._open)

    def end(self) -> None:
        """Close the connection at the end of the process, unless a thread is slow to leave it.

        A daemon thread may be in the middle of a change, and SQLite crashes if that is not waited
        for. What the thread does not finish has not happened.
        """
        if self.lock.acquire(timeout=_PATIENCE):
            try:
                _close(self._open)
            finally:
                self.lock.release()

    def is_lost(self) -> bool:
        """Whether the file is open, and its path leads nowhere."""
        with self.lock:
            return bool(self._open) and _inode_of(self.path) is None

    # Transactions

    def ask(
        self,
        statement: str,
        arguments: tuple[Any, ...],
        take: Callable[[sqlite3.Cursor], R],
        timeout: float,
        moment: int,
    ) -> R:
        """Execute one statement, a transaction of its own, and return something of its result.

        Args:
            statement: The statement.
            arguments: Those of the statement.
            take: Takes what is asked for, and leaves no rows.
            timeout: Seconds that it may take in total.
            moment: The time, in ms since 1970.

        Raises:
            ChannelError: It was not executed.
            OutcomeUnknownError: The disk failed in the last step.
        """
        with self.lock:  # the usual case, for speed
            if self._open and -_LOOK < moment - self._looked < _LOOK:
                try:
                    return take(self._open[0].execute(statement, arguments))
                except ChannelError:
                    raise  # some are an `OverflowError` too
                except OF_SQLITE as error:
                    if not is_busy(error):
                        raise self._told(error, committing=True) from error
        return self._repeat(lambda it: alone(it, statement, arguments, take), timeout)

    def read(self, body: Callable[[sqlite3.Connection], R], timeout: float) -> R:
        """Return what `body` returns, which sees the file as it is at one moment.

        Raises:
            ChannelError: The file can't be read.
        """
        return self._repeat(lambda connection: within(connection, "BEGIN", body), timeout)

    def write(self, body: Callable[[sqlite3.Connection], R], timeout: float) -> R:
        """Return what `body` returns, which may change the file, while nobody else does.

        If it raises, nothing has changed.

        Raises:
            ChannelError: The file can't be written to, and nothing has changed.
            OutcomeUnknownError: The disk failed in the last step.
        """
        return self._repeat(lambda connection: within(connection, "BEGIN IMMEDIATE", body), timeout)

    def _repeat(self, attempt: Callable[[sqlite3.Connection], R], timeout: float) -> R:
        """Attempt a transaction until nobody else is in the way."""
        until, pause = monotonic() + timeout, _PAUSE
        while True:
            with self.lock:  # not `acquire`, after which Ctrl-C would leave it taken
                try:
                    return attempt(self._connection())
                except CommitFailed as failure:
                    raise self._told(failure.error, committing=True) from failure.error
                except ChannelError:
                    raise  # some are an `OverflowError` too
                except OF_SQLITE as error:
                    if not is_busy(error):
                        raise self._told(error) from error
            if monotonic() >= until:
                raise busy(self.path, timeout)
            time.sleep(CHANCE.uniform(pause / 2, pause))
            pause = min(2 * pause, _LONGEST_PAUSE)

    # The connection

    def _connection(self) -> sqlite3.Connection:
        if not self._open:
            self._connect()
        elif abs(milliseconds_since_1970() - self._looked) >= _LOOK:
            inode = _inode_of(self.path)
            if inode is None:
                raise gone(self.path)
            if inode != self._inode:
                _close(self._open)  # somebody has put another file there
                self._connect()
            self._looked = milliseconds_since_1970()
        return self._open[0]

    def _connect(self) -> None:
        if _SPOILT and _inode_of(self.path) in _SPOILT:
            raise spoilt(self.path)
        check_file(self.path)
        connection = sqlite3.connect(
            self.path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            if not layout.is_current(connection, self.path):
                layout.prepare(connection)
            connection.execute("PRAGMA journal_mode = WAL")  # another program may have changed it
            level = "FULL" if self.durable else "NORMAL"
            connection.execute(f"PRAGMA synchronous = {level}")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
            connection.execute("PRAGMA trusted_schema = OFF")
        except BaseException:
            connection.close()
            raise
        self._inode = _inode_of(self.path)
        self._looked = milliseconds_since_1970()
        self._open.append(connection)

    def _told(self, error: Exception, *, committing: bool = False) -> ChannelError:
        """Return an error of ours, and connect anew afterwards if the file is to blame."""
        if not isinstance(error, sqlite3.DataError | sqlite3.InterfaceError | OverflowError):
            _close(self._open)
        return translate(error, self.path, committing=committing)


def _close(open_: list[sqlite3.Connection]) -> None:
    while open_:
        with suppress(sqlite3.Error):
            open_.pop().close()


def _inode_of(path: str) -> tuple[int, int] | None:
    try:
        state = os.stat(path)  # noqa: PTH116 - it is text
    except OSError:
        return None
    return state.st_dev, state.st_ino


class ClosedDatabase(Database):
    """The database of a handle that was closed: it opens nothing, and says so."""

    def _repeat(self, attempt: Callable[[sqlite3.Connection], R], timeout: float) -> NoReturn:
        raise closed()


class _Databases:
    """The databases of this process, as long as somebody has them."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[tuple[str, bool], Database] = WeakValueDictionary()
        self.lock = threading.Lock()
        guard(self)

    def start_anew(self) -> None:
        self.lock = threading.Lock()

    def find(self, path: str, durable: bool) -> Database | None:
        with self.lock:
            return self._known.get((path, durable))

    def enter(self, new: Database, instead_of: Database | None) -> Database:
        place = new.path, new.durable
        with self.lock:
            known = self._known.get(place)
            if known is None or known is instead_of:
                known = self._known[place] = new
            return known

    def end(self) -> None:
        for database in list(self._known.values()):
            database.end()


_DATABASES: Final = _Databases()
atexit.register(_DATABASES.end)


def database_at(path: str, *, durable: bool) -> Database:
    """Return the database at a path, which all handles of this process share.

    Args:
        path: The file, which need not exist yet.
        durable: Whether each change is on the disk before it is answered.

    Raises:
        ChannelValueError: The path is on a network file system.
    """
    where = os.path.realpath(path)
    found = _DATABASES.find(where, durable)
    if found is not None and not found.is_lost():
        return found
    kind = network_of(where)
    if kind is not None:
        raise ChannelValueError(
            f"{where} is on a network file system ({kind}), where processes can't rely on locks, "
            "and SQLite can damage the file. Name a file on a disk of this machine, or use a "
            "RedisChannel to share state between machines"
        )
    return _DATABASES.enter(Database(where, durable=durable), found)

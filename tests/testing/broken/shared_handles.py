"""Handles that work in one thread, and not in several at once, though tasks share them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from examples.sqlite_channel import SqliteBackend, _File, _Rows
from graflow.channels.backend import Held
from graflow.testing import Capability
from tests.testing.broken.processes import file_harness
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, Store

__all__ = ["broken", "forked", "in_file"]

_ATOMIC = "Every operation is atomic and linearizable per key, across threads"

broken = Group(Capability.THREADS)
in_file = Group(Capability.THREADS, file_harness)
forked = Group(Capability.PROCESSES, file_harness)


class _NoMutex:
    """Keeps nobody out."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@in_file("threads use one connection at once", clause=_ATOMIC)
class NoMutex(SqliteBackend):
    def __init__(self, name: str, path: Any) -> None:
        super().__init__(name, path)
        self._file.lock = _NoMutex()  # type: ignore[assignment]


@in_file("a thread's writes get into the transaction of another", clause=_ATOMIC)
class JoinsTransactions(NoMutex):
    @override
    @contextmanager
    def _transaction(self) -> Generator[Any]:
        connection = self._file.connection
        if connection is not None and connection.in_transaction:
            yield _Rows(connection, self.name)
        else:
            with super()._transaction() as rows:
                yield rows


class _FileOfThread(_File):
    """A connection that no other thread may use."""

    @override
    def connect(self, path: str) -> sqlite3.Connection:
        super().connect(path).close()
        self.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        return self.connection


@in_file("a handle is for the thread that used it first", clause=_ATOMIC)
class OneThread(SqliteBackend):
    def __init__(self, name: str, path: Any) -> None:
        super().__init__(name, path)
        self._file = _FileOfThread()


class _FileOfParent(_File):
    """A connection that a forked process goes on using."""

    @override
    def start_anew(self) -> None:
        self.lock = threading.Lock()


@forked(
    "a child uses the file that its parent has opened",
    clause="After `os.fork` a handle works in the child",
)
class FileOfParent(SqliteBackend):
    def __init__(self, name: str, path: Any) -> None:
        super().__init__(name, path)
        self._file = _FileOfParent()


@broken("a handle has one place for what it reads", clause=_ATOMIC)
class OneReply(DictBackend):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.reply: list[Held | None] = []

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        self.reply = super().read(keys)
        return self._received()

    def _received(self) -> list[Held | None]:
        return self.reply

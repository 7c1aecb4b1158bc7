"""Handles that work in one thread, and not in several at once, though tasks share them."""

from __future__ import annotations

import pickle
import socket
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from graflow.channels.backend import Held
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.broken.stores import store_harness
from tests.testing.broken.wire import Line, Wire, receive, send
from tests.testing.dict_channel import DictBackend, Store
from tests.testing.sqlite_store import SqliteBackend, _Rows

__all__ = ["broken"]

_ATOMIC = "Every operation is atomic and linearizable per key, across threads"

broken = Group(Capability.THREADS, store_harness)


class _NoMutex:
    """Keeps nobody out."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@broken("threads use one connection at once", clause=_ATOMIC)
class NoMutex(SqliteBackend):
    def __init__(self, name: str, path: Any) -> None:
        super().__init__(name, path)
        self._file.lock = _NoMutex()  # type: ignore[assignment]


@broken("a thread's writes get into the transaction of another", clause=_ATOMIC)
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


@broken("a handle is for the thread that used it first", clause=_ATOMIC)
class OneThread(SqliteBackend):
    """Checks it as `sqlite3` does, though only for what is asked: any thread may let go of it."""

    def __init__(self, name: str, path: Any) -> None:
        super().__init__(name, path)
        self._thread: int | None = None

    @override
    @contextmanager
    def _transaction(self) -> Generator[Any]:
        if self._thread is None:
            self._thread = threading.get_ident()
        elif self._thread != threading.get_ident():
            raise sqlite3.ProgrammingError("a connection is for the thread that made it")
        with super()._transaction() as rows:
            yield rows


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


class _OneReply(Line):
    """Keeps the last reply until somebody asks for it."""

    @override
    def ask(self, *request: Any) -> Any:
        with self.lock:
            self.reply = self.exchange(pickle.dumps(request))
        return self.reply


@broken("a handle has one place for the replies of all threads", clause=_ATOMIC)
class OneReplyOnWire(Wire):
    line = _OneReply


class _LockedSending(Line):
    """Sends one request at a time, and leaves the replies to chance."""

    @override
    def exchange(self, request: bytes) -> Any:
        raise NotImplementedError

    @override
    def ask(self, *request: Any) -> Any:
        with self.lock:
            if self.connection is None:
                self.connection = socket.create_connection(("127.0.0.1", self.port))
            send(self.connection, pickle.dumps(request))
        return pickle.loads(receive(self.connection))


@broken("a thread takes the reply that another waits for", clause=_ATOMIC)
class RepliesMix(Wire):
    line = _LockedSending

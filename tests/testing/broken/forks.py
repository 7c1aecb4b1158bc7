"""Handles that share with a forked process what is theirs alone."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from typing_extensions import override

from examples.sqlite_channel import SqliteBackend, _File
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.broken.stores import store_harness
from tests.testing.broken.wire import Line, Wire

__all__ = ["broken"]

_FORKED = "After `os.fork` a handle works in the child"

broken = Group(Capability.PROCESSES, store_harness)


class _FileOfParent(_File):
    """A connection that a forked process goes on using, with a lock that it does not hold."""

    @override
    def connect(self, path: str) -> sqlite3.Connection:
        connection = super().connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        return connection

    @override
    def start_anew(self) -> None:
        self.lock = threading.Lock()


@broken("a child uses the file that its parent has opened", clause=_FORKED)
class FileOfParent(SqliteBackend):
    def __init__(self, name: str, path: Any) -> None:
        super().__init__(name, path)
        self._file = _FileOfParent()


class _SharedWithChild(Line):
    """Goes on in a forked process as if nothing had happened."""

    @override
    def start_anew(self) -> None:
        self.lock = threading.Lock()


@broken("a child uses the connection of its parent", clause=_FORKED)
class SharedWithChild(Wire):
    line = _SharedWithChild


class _LockOfParent(Line):
    """Connects anew in a forked process, with the lock as it was."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.process = os.getpid()

    @override
    def exchange(self, request: bytes) -> Any:
        if self.process != os.getpid():
            self.process = os.getpid()
            self.connection = None
        return super().exchange(request)


@broken(
    "a lock that a thread of the parent holds is taken in the child",
    clause="no lock of the parent's threads is taken there",
)
class LockOfParent(Wire):
    line = _LockOfParent

    @override
    def _guard(self) -> None: ...

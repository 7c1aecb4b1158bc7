"""Channels in a file that are right in one process and wrong as soon as there are several.

Their authors guard them with a lock of threads, or remember what they have read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from examples.sqlite_channel import SqliteBackend
from graflow.channels.backend import (
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Held,
    Holds,
    Pop,
    Push,
    Put,
)
from graflow.channels.hidden_keys import KEPT
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.broken.stores import store_harness

__all__ = ["broken"]

_mutex = threading.RLock()


broken = Group(Capability.PROCESSES, store_harness)

_ATOMIC = "Every operation is atomic and linearizable per key, across threads, processes"
_OVER_THE_CHANNEL = "are atomic over the channel"


class ThreadsOnly(SqliteBackend):
    """Carries out some of its operations under a lock of threads, and not in a transaction."""

    is_loose = False

    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        """Tell whether a commit is one of these operations."""
        return False

    @override
    @contextmanager
    def _transaction(self) -> Generator[Any]:
        with _mutex:
            if not self.is_loose:
                with super()._transaction() as rows:
                    yield rows
                return
            with super()._transaction() as rows:
                rows._run("COMMIT")  # from here on each statement is on its own
                yield rows
                rows._run("BEGIN")

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with _mutex:
            is_user = not any(each.key.startswith(KEPT) for each in changes)
            self.is_loose = is_user and self.is_unguarded(checks, changes)
            try:
                return super().commit(checks, changes)
            finally:
                self.is_loose = False


@broken("sums of processes get lost", clause=_ATOMIC)
class Sums(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return all(isinstance(change, Add) for change in changes)


@broken("processes see a part of a batch", clause=_OVER_THE_CHANNEL)
class Batches(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return len(changes) > 1 and not checks and all(type(each) is Put for each in changes)


@broken("processes read a batch key by key", clause=_OVER_THE_CHANNEL)
class BatchReads(ThreadsOnly):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        with _mutex:
            self.is_loose = len(keys) > 1
            try:
                return super().read(keys)
            finally:
                self.is_loose = False


@broken(
    "an update overwrites what another process wrote",
    clause="starts over if someone wrote in between",
)
class Updates(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return len(changes) == 1 and any(
            isinstance(check, Holds) and check.record is not None for check in checks
        )


@broken("processes pop an item twice", clause=_ATOMIC)
class Pops(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return all(isinstance(change, Pop) for change in changes)


@broken("items that processes append get lost", clause=_ATOMIC)
class Appends(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return all(isinstance(change, Push) for change in changes)


@broken("several processes delete a key once", clause=_ATOMIC)
class Deletes(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return all(isinstance(change, Delete) for change in changes)


@broken(
    "several processes add a key at once",
    clause="of several who add a key at once, one succeeds",
)
class Claims(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return len(changes) == 1 and any(
            isinstance(check, Holds) and check.record is None for check in checks
        )


@broken("transactions of processes overlap", clause=_OVER_THE_CHANNEL)
class Transactions(ThreadsOnly):
    @override
    def is_unguarded(self, checks: Sequence[Check], changes: Sequence[Change]) -> bool:
        return len(changes) > 1 and bool(checks)


@broken(
    "several processes take a lock",
    clause="mutual exclusion among all handles in all processes",
)
class Locks(ThreadsOnly):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with _mutex:
            self.is_loose = self.is_acquiring
            try:
                return SqliteBackend.commit(self, checks, changes)
            finally:
                self.is_loose = False

    is_acquiring = False

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        with _mutex:
            self.is_acquiring = True
            try:
                return super().acquire(lock, owner, lease, least)
            finally:
                self.is_acquiring = False


_FRESH = 0.02  # seconds

_found: dict[tuple[str, str, str], tuple[float, Held | None]] = {}
_listed: dict[tuple[str, str], list[str]] = {}


@broken("each process remembers for a moment what it has read", clause=_ATOMIC)
class ReadCache(SqliteBackend):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return [self._read(key) for key in keys]

    def _read(self, key: str) -> Held | None:
        where = (self._path, self.name, key)
        seen, held = _found.get(where, (0.0, None))
        if time.monotonic() - seen > _FRESH:
            (held,) = super().read([key])
            _found[where] = time.monotonic(), held
        return held

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        try:
            return super().commit(checks, changes)
        finally:
            self._forget()

    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=kept)
        self._forget()

    def _forget(self) -> None:
        for where in [each for each in _found if each[1] == self.name]:
            _found.pop(where, None)


@broken("each process remembers the keys", clause=_OVER_THE_CHANNEL)
class KeyCache(SqliteBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        if kept:
            return super().keys(kept=True)
        where = self._path, self.name
        if where not in _listed:
            _listed[where] = super().keys()
        return list(_listed[where])

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        try:
            return super().commit(checks, changes)
        finally:
            _listed.pop((self._path, self.name), None)

    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=kept)
        _listed.pop((self._path, self.name), None)

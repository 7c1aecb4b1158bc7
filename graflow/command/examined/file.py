"""Examination of an SQLite file: whether it is sound, and what is around it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from graflow.channels.sqlite.file_systems import network_of
from graflow.channels.sqlite.sqlite_errors import translate
from graflow.command.examined.diagnosis import Diagnosis, amount

__all__ = ["examined_file"]

_READS: Final = 21
_LITTLE: Final = 100 << 20  # bytes that are free


def examined_file(path: str) -> Iterator[Diagnosis]:
    """Yield what matters to channels in a file; it is opened for reading alone.

    Raises:
        ChannelError: It can't be read.
    """
    yield Diagnosis("file", f"{path}, {amount(_size(path))}", "ok")
    yield Diagnosis("SQLite", sqlite3.sqlite_version, "ok")
    try:
        with closing(sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)) as connection:
            yield from _inside(connection)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    yield from _around(path)


def _inside(connection: sqlite3.Connection) -> Iterator[Diagnosis]:
    taken = []
    for _ in range(_READS):
        before = time.perf_counter()
        connection.execute("SELECT count(*) FROM (SELECT 1 FROM entries LIMIT 1)").fetchall()
        taken.append((time.perf_counter() - before) * 1000)
    taken.sort()
    says = f"{taken[_READS // 2]:.2f} ms half of the time, {taken[-1]:.2f} ms at most, of {_READS}"
    yield Diagnosis("latency", says, "ok")
    ((mode,),) = connection.execute("PRAGMA journal_mode").fetchall()
    yield Diagnosis("journal mode", str(mode), "ok" if mode == "wal" else "bad")
    ((layout,),) = connection.execute("PRAGMA user_version").fetchall()
    yield Diagnosis("layout", str(layout), "ok")
    ((said,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
    is_sound = said == "ok"
    yield Diagnosis("integrity", "sound" if is_sound else str(said), "ok" if is_sound else "bad")


def _around(path: str) -> Iterator[Diagnosis]:
    folder = os.path.dirname(path)  # noqa: PTH120 - it is text
    lacks = [each for each in (path, folder) if not os.access(each, os.W_OK)]
    says = f"this user can't write to {' and '.join(lacks)}" if lacks else "all that is needed"
    yield Diagnosis("rights", says, "bad" if lacks else "ok")
    network = network_of(path)
    says = f"a network file system ({network})" if network else "local, as far as is known"
    yield Diagnosis("file system", says, "bad" if network else "ok")
    free = shutil.disk_usage(folder).free
    yield Diagnosis("free space", amount(free), "bad" if free < _LITTLE else "ok")


def _size(path: str) -> int:
    """Return the bytes of a file and its log."""
    parts = (Path(path), Path(f"{path}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())

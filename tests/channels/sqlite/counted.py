"""Changes that several make to one file, and whether each of them counted."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from graflow import SQLiteChannel


def add(channel: SQLiteChannel, times: int) -> int:
    """Add, append and move something, again and again; return who did it."""
    for number in range(times):
        channel.atomic_add("sum")
        channel.append("list", number)
        with channel.lock("lock"):
            channel.set("held", channel.get("held", 0) + 1)
        channel.transact(lambda tx: tx.set("read", tx.get("read", 0) + 1))
    return os.getpid()


def check(channel: SQLiteChannel, times: int) -> None:
    """Check that nothing was lost."""
    found = channel.get_many(["sum", "held", "read"])
    assert found == {"sum": times, "held": times, "read": times}
    assert len(channel.get("list")) == times
    with closing(sqlite3.connect(channel.backend.address)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

"""What leaves the file, and when: the expired, the cleared, the replaced."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from graflow.channels.sqlite import sqlite_backend
from tests.patience import PATIENCE


def rows(path: Path, table: str = "entries") -> int:
    """Count the rows of a table."""
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(number)


def test_what_has_expired_leaves_the_file(path: Path) -> None:
    """In passing, whichever channel it was in."""
    with SQLiteChannel("job", path) as channel, SQLiteChannel("other", path) as other:
        for number in range(50):
            channel.append(f"list {number}", number, ttl=0.001)
        until = time.monotonic() + PATIENCE
        while rows(path) > 1 and time.monotonic() < until:
            other.set("key", 1)
            time.sleep(0.05)
        assert rows(path) == 1
        assert rows(path, "items") == 0


def test_much_that_has_expired_leaves_the_file_soon(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faster than it comes, and whatever the clock was set to."""
    clock = [10_000_000]
    monkeypatch.setattr(sqlite_backend, "now", lambda: clock[0])
    with SQLiteChannel("job", path, durable=False) as channel:
        clock[0] += 1_000_000_000
        channel.set("early", 1)
        clock[0] -= 1_000_000_000
        for start in range(0, 5_000, 1_000):
            channel.set_many(dict.fromkeys(map(str, range(start, start + 1_000)), 1), ttl=1)
        clock[0] += 2_000
        for _ in range(20):
            channel.set("key", 1)
            clock[0] += 50
        assert rows(path) == 2


CLEARING: list[Callable[[SQLiteChannel], object]] = [
    lambda channel: channel.clear(),
    lambda channel: channel.destroy(),
]


@pytest.mark.parametrize("clear", CLEARING, ids=["clear", "destroy"])
def test_a_large_channel_is_cleared_in_slices(
    clear: Callable[[SQLiteChannel], object], path: Path
) -> None:
    """All goes that was there, and nothing of another channel."""
    with SQLiteChannel("job", path, durable=False) as channel:
        beside = channel.beside("job2")
        beside.set("key", 1)
        channel.set_many({f"key {number}": number for number in range(25_000)})
        channel.set("list", [1, 2])
        clear(channel)
        assert channel.keys() == []
        assert beside.keys() == ["key"]
    assert rows(path) == 1
    assert rows(path, "items") == 0


def test_a_value_replaces_whatever_there_was(path: Path) -> None:
    """A list, a value that expires, and one that has expired, each by the fast way and the slow."""
    for times in (0, 1):
        with SQLiteChannel("job", path) as channel:
            channel.set("list", [1, 2])
            channel.set("expires", 1, ttl=1_000)
            channel.set("expired", 1, ttl=0.001)
            for _ in range(times):
                channel.set("other", 1)
            for key in ("list", "expires", "expired"):
                channel.set(key, 5)
                entry = channel.entry(key)
                assert (entry.value, entry.ttl) == (5, None)
                channel.set(key, 6, ttl=1_000)
                ttl = channel.entry(key).ttl
                assert ttl is not None
                assert ttl > 0
    assert rows(path, "items") == 0

"""Rows of the table that are about channels in an SQLite file."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.ratios import Row, growth, ratio
from graflow import SQLiteChannel

PROCESSES = 8
SECONDS = 2.0  # that processes write for
PUT = "INSERT INTO bare VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
GET = "SELECT value FROM bare WHERE key = ?"


def in_a_file(value: Any, text: bytes) -> Iterator[Row]:
    """Measure channels in a file, over bare statements with the same settings."""
    with tempfile.TemporaryDirectory() as folder, closing(bare(Path(folder) / "bare.db")) as floor:
        path = Path(folder) / "channels.db"
        with SQLiteChannel("bench", path, durable=False) as channel:
            channel.set("user", value)
            yield (
                "set in a file, over the bare statement",
                ratio(
                    lambda: channel.set("user", value),
                    lambda: floor.execute(PUT, ("user", text)),
                    3_000,
                ),
                1.5,
            )
            yield (
                "get in a file, over the bare statement",
                ratio(
                    lambda: channel.get("user"),
                    lambda: floor.execute(GET, ("user",)).fetchone(),
                    3_000,
                ),
                2.0,
            )
            yield "append number 1,000,000 over number 1,000, file", growth(channel), 1.5
            yield "keys of 100 beside 1,000,000 others, file", beside_others(channel), 1.5
            one, eight = throughput(path, 1), throughput(path, PROCESSES)
            yield (
                "1 process over 8, each on a channel of one file, changes a second",
                one / eight,
                1.0,
            )


def bare(path: Path) -> sqlite3.Connection:
    """Open a file with a table, and with the settings of a channel's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE bare (key TEXT PRIMARY KEY, value BLOB)")
    return connection


def beside_others(channel: SQLiteChannel) -> float:
    """Return how much longer `keys` takes in a file that is full of other channels' keys."""
    hundred = {f"key {number}": number for number in range(100)}
    with tempfile.TemporaryDirectory() as folder:
        alone = SQLiteChannel("m", Path(folder) / "alone.db", durable=False)
        crowded = channel.beside("m")
        for each in (alone, crowded):
            each.set_many(hundred)
        for name in ("a", "z"):
            for start in range(0, 500_000, 10_000):
                others = dict.fromkeys(map(str, range(start, start + 10_000)), 1)
                channel.beside(name).set_many(others)
        try:
            return ratio(crowded.keys, alone.keys, 100)
        finally:
            alone.close()


def throughput(path: Path, processes: int) -> float:
    """Return how many changes a second processes make, each in a channel of its own."""
    context = get_context("forkserver")
    counts: Any = context.SimpleQueue()
    begin: Any = context.Barrier(processes)
    running = [
        context.Process(target=write, args=(path, f"channel {number}", begin, counts))
        for number in range(processes)
    ]
    for each in running:
        each.start()
    total: int = sum(counts.get() for _ in running)
    for each in running:
        each.join()
    return total / SECONDS


def write(path: Path, name: str, begin: Any, counts: Any) -> None:
    """Write for some seconds, and tell how often."""
    with SQLiteChannel(name, path, durable=False, timeout=60) as channel:
        channel.set("key", os.getpid())
        begin.wait()
        until, done = time.monotonic() + SECONDS, 0
        while time.monotonic() < until:
            channel.set("key", done)
            done += 1
    counts.put(done)


def main() -> None:
    """Print these rows alone."""
    for name, found, bound in in_a_file({"user": "alice", "age": 30}, b'{"user":"alice","age":30}'):
        print(f"{name:70} {found:6.2f} {bound:6.2f}")


if __name__ == "__main__":
    main()

"""A program that kills processes which change one file, again and again: `FILE KILLS`.

Each worker notes in a file of its own what it was answered. The program raises if anything that was
answered is missing, or happened twice, and prints how often it has killed.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

from graflow import LockLostError, SQLiteChannel
from graflow.channels.base import Channel

WORKERS = 8
LONGEST = 0.02  # seconds between two kills
PATIENCE = 240.0


def work(path: Path, worker: int, life: int) -> None:
    """Change the file for ever, and note each change once it is answered."""
    with (
        SQLiteChannel("job", path, timeout=PATIENCE) as channel,
        noted(path, worker).open("ab", buffering=0) as log,
    ):
        for number in range(1_000_000):
            name = f"{worker}.{life}.{number}"
            change(channel, name, number)
            log.write(f"{name}\n".encode())


def change(channel: Channel, name: str, number: int) -> None:
    """Make one change, which shows as one more item, and one more in the sum."""
    if number % 3 == 0:
        channel.transact(lambda tx: tx.append("log", name) + tx.atomic_add("sum"))
    elif number % 3 == 1:
        # On a busy machine so short a lease may end; the change itself needs no lock.
        with suppress(LockLostError), channel.lock("lock", timeout=PATIENCE, lease=0.2):
            channel.transact(lambda tx: tx.append("log", name) * tx.update("sum", plus_one))
    else:
        channel.transact(lambda tx: tx.prepend("log", name) + tx.atomic_add("sum", 1))


def plus_one(number: int) -> int:
    """Return one more."""
    return number + 1


def noted(path: Path, worker: int) -> Path:
    """Return where a worker notes what was answered."""
    return path.with_suffix(f".{worker}")


def size(path: Path) -> int:
    """Return how much all workers have noted."""
    files = (noted(path, worker) for worker in range(WORKERS))
    return sum(file.stat().st_size for file in files if file.exists())


def start(path: Path, worker: int, life: int) -> int:
    """Fork a worker."""
    pid = os.fork()
    if not pid:
        try:
            work(path, worker, life)
        except BaseException:  # noqa: BLE001 - the child must not go on as its parent
            traceback.print_exc()
        os._exit(1)
    return pid


def check(path: Path) -> None:
    """Check that what was answered happened once, and nothing happened in part."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = "SELECT count(*) FROM items WHERE list NOT IN (SELECT list FROM entries)"
        assert connection.execute(orphans).fetchone() == (0,)
    with SQLiteChannel("job", path) as channel:
        happened, total = Counter(channel.get("log")), channel.get("sum")
    answered = [
        line for worker in range(WORKERS) for line in noted(path, worker).read_text().splitlines()
    ]
    assert set(happened.values()) <= {1}, happened.most_common(3)
    assert not set(answered) - set(happened), "what was answered is gone"
    assert happened.total() == total, (happened.total(), total)
    assert happened.total() - len(answered) <= sum(lives) + WORKERS, "more than one change a life"


lives = [0] * WORKERS


def main(path: Path, kills: int) -> None:
    """Kill so often."""
    with SQLiteChannel("job", path) as channel:
        channel.set("sum", 0)
    pids = [start(path, worker, 0) for worker in range(WORKERS)]
    for done in range(kills):
        seen = size(path)
        while size(path) == seen:  # a slow machine has to get somewhere too
            time.sleep(0.001)
        time.sleep(random.uniform(0, LONGEST))
        worker = random.randrange(WORKERS)
        os.kill(pids[worker], signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(pids[worker], 0)[1]), "a worker failed"
        lives[worker] += 1
        pids[worker] = start(path, worker, lives[worker])
        if not done % 200:
            with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
                assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    check(path)
    changes = sum(noted(path, worker).read_text().count("\n") for worker in range(WORKERS))
    print(f"{kills} kills, {changes} changes")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

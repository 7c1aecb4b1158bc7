"""Locks of a channel in a file, and the queues of those waiting for them, inside a transaction.

A lock is a record under a key that graflow keeps, as in any backend; who waits for it is a table.
"""

from __future__ import annotations

from graflow.channels.commits.lock_records import holder_in, lock_record, read_lock
from graflow.channels.hidden_keys import FENCES, lock_key
from graflow.channels.locks.fences import next_fence
from graflow.channels.sqlite.rows import Rows

__all__ = ["acquire", "line_up", "release", "renew"]


def acquire(rows: Rows, lock: str, owner: str, lease: int, least: int) -> int | str:
    """Take a lock, as `Backend.acquire` does."""
    held, counter = rows.held(lock_key(lock)), rows.held(FENCES)
    last = 0 if counter is None else int(counter.record)  # type: ignore[arg-type]
    if held is not None:
        number, holder = read_lock(held.record)
        if holder != owner:
            return holder
        fence = max(number, least)
    else:
        first = _first_in_line(rows, lock)
        if first is not None and first != owner:
            return first
        _leave(rows, lock, owner)
        fence = next_fence(last, least)
    rows.put(lock_key(lock), lock_record(fence, owner), lease)
    rows.put(FENCES, b"%d" % max(fence, last), None)
    return fence


def line_up(rows: Rows, lock: str, owner: str, patience: int) -> int:
    """Keep a place in the line, or leave it, as `Backend.line_up` does."""
    if not patience:
        _leave(rows, lock, owner)
        return 0
    rows.run(
        "INSERT INTO waiters (channel, lock, owner, until) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (channel, lock, owner) DO UPDATE SET until = excluded.until",
        (rows.channel, lock, owner, rows.now + patience),
    )
    ((ahead,),) = rows.run(
        "SELECT count(*) FROM waiters WHERE channel = ? AND lock = ? AND until > ? AND place <"
        " (SELECT place FROM waiters WHERE channel = ? AND lock = ? AND owner = ?)",
        (rows.channel, lock, rows.now, rows.channel, lock, owner),
    ).fetchall()
    return int(ahead)


def renew(rows: Rows, lock: str, owner: str, lease: int) -> bool:
    """Lengthen a lease, as `Backend.renew` does."""
    held = rows.held(lock_key(lock))
    if held is None or holder_in(held.record) != owner:
        return False
    assert isinstance(held.record, bytes)
    rows.put(lock_key(lock), held.record, lease)
    return True


def release(rows: Rows, lock: str, owner: str) -> bool:
    """Free a lock, as `Backend.release` does."""
    held = rows.held(lock_key(lock))
    if held is None or holder_in(held.record) != owner:
        return False
    rows.remove(lock_key(lock))
    return True


def _first_in_line(rows: Rows, lock: str) -> str | None:
    found = rows.run(
        "SELECT owner FROM waiters WHERE channel = ? AND lock = ? AND until > ?"
        " ORDER BY place LIMIT 1",
        (rows.channel, lock, rows.now),
    ).fetchall()
    return found[0][0] if found else None


def _leave(rows: Rows, lock: str, owner: str) -> None:
    rows.run(
        "DELETE FROM waiters WHERE channel = ? AND lock = ? AND owner = ?",
        (rows.channel, lock, owner),
    )

"""Records of locks, for backends that keep locks under keys like anything else."""

from __future__ import annotations

import json

from graflow.channels.codec.codec import Record

__all__ = ["holder_in", "lock_record", "read_lock"]


def lock_record(fence: int, owner: str) -> bytes:
    """Return the record of a lock that an owner holds."""
    return json.dumps([fence, owner]).encode()


def read_lock(record: Record) -> tuple[int, str]:
    """Return the fencing number and the owner in the record of a lock."""
    assert isinstance(record, bytes)
    fence, owner = json.loads(record)
    return fence, owner


def holder_in(record: Record | None) -> str | None:
    """Return the owner in the record of a lock; `None` if there is none."""
    return None if record is None else read_lock(record)[1]

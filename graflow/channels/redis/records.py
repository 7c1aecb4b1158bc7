"""Records as the scripts on a server take them: parts of a command, of which there is a limit."""

from __future__ import annotations

from graflow.channels.codec.codec import Record
from graflow.channels.codec.digests import digest_of
from graflow.channels.redis.connections import Part

__all__ = ["BESIDE", "EMPTY_LIST", "MAX_PARTS", "expected", "parts"]

EMPTY_LIST = b"[]"
"""The text that is stored for a list without items; no value has it. See lua/lists.lua."""

MAX_PARTS = 1_000_000
"""How many parts of a command records may take; servers refuse 1,048,577 of a command."""

BESIDE = 1_000
"""How many more a command may have, which say what is to be done with the records."""


def parts(record: Record) -> tuple[Part, ...]:
    """Return a record that is to be stored: the word `value` or a count, and the bytes."""
    return (b"value", record) if isinstance(record, bytes) else (len(record), *record)


def expected(record: Record | None, room: int) -> tuple[Part, ...]:
    """Return a record that a key has to hold already.

    Args:
        record: What it is.
        room: How many parts it may take. A list that takes more is told by a digest.
    """
    if record is None:
        return (b"none",)
    if isinstance(record, list) and len(record) >= room:
        return (b"digest", digest_of(record).encode())
    return parts(record)

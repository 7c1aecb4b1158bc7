"""Records as the scripts on a server take them: parts of a command, of which there is a limit."""

from __future__ import annotations

from hashlib import sha1

from graflow.channels.codec.codec import Record
from graflow.channels.redis.connections import Part

__all__ = ["EMPTY", "MAX_PARTS", "expected", "parts"]

MAX_PARTS = 1_000_000
"""How many parts of a command records may take; servers refuse 1,048,577 of a command."""

EMPTY = b"[]"
"""What a server keeps in place of a list without items; see lua/lists.lua."""

_DIGESTED = 1_000  # items that are hashed at once, here and in lua/record.lua


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
        return (b"digest", _digest(record))
    return parts(record)


def _digest(items: list[bytes]) -> bytes:
    digests = []
    for first in range(0, len(items), _DIGESTED):
        text = b"".join(b"%d:%b" % (len(item), item) for item in items[first : first + _DIGESTED])
        digests.append(sha1(text, usedforsecurity=False).hexdigest())
    return sha1("".join(digests).encode(), usedforsecurity=False).hexdigest().encode()

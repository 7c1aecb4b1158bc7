"""Digests of records: what tells one from all others, where it is too long to be sent along."""

from __future__ import annotations

from hashlib import sha1

from graflow.channels.codec.codec import Record

__all__ = ["digest_of"]

_AT_ONCE = 1_000  # items that are hashed at once, here and in redis/lua/record.lua


def digest_of(record: Record) -> str:
    """Return the digest of a record as 40 hex digits; scripts on a server find the same."""
    if isinstance(record, bytes):
        return _hash(record)
    digests = [
        _hash(b"".join(b"%d:%b" % (len(item), item) for item in record[first : first + _AT_ONCE]))
        for first in range(0, len(record), _AT_ONCE)
    ]
    return _hash("".join(digests).encode())


def _hash(text: bytes) -> str:
    return sha1(text, usedforsecurity=False).hexdigest()

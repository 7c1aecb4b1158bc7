"""Records as the scripts on a server take and give them: parts, of which there is a limit."""

from __future__ import annotations

from graflow.channels.backend import Extent
from graflow.channels.codec.codec import Record
from graflow.channels.codec.digests import digest_of
from graflow.channels.commits.commit import Held
from graflow.channels.redis.sending.requests import Part
from graflow.exceptions import ChannelValueError

__all__ = [
    "BESIDE",
    "EMPTY_LIST",
    "MAX_PARTS",
    "check_size",
    "expected",
    "extent",
    "held",
    "parts",
    "too_long",
]

EMPTY_LIST = b"[]"
"""The text that is stored for a list without items; no value has it. See lua/lists.lua."""

MAX_PARTS = 1_000_000
"""How many parts of a command records may take; servers refuse 1,048,577 of a command."""

BESIDE = 1_000
"""How many more a command may have, which say what is to be done with the records."""


def parts(record: Record) -> tuple[Part, ...]:
    """Return a record that is to be stored: the word `value` or a count, and the bytes."""
    return (b"value", record) if isinstance(record, bytes) else (b"%d" % len(record), *record)


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


def held(record: Record, left: int) -> Held:
    """Return what a key holds, from the reply of a script."""
    return Held([] if record == EMPTY_LIST else record, None if left == -1 else max(1, left))


def extent(size: int, items: int, left: int) -> Extent | None:
    """Return how much a key holds, from the reply of a script."""
    if left == -2:  # there is no such key
        return None
    return Extent(size, None if items < 0 else items, None if left == -1 else max(1, left))


def check_size(channel: str, count: int, what: str) -> None:
    """Refuse a command of a channel that has too many parts, `count` of them because of `what`."""
    if count > MAX_PARTS:
        raise ChannelValueError(
            f"a server takes commands of at most {MAX_PARTS:,} parts, and {what} would need "
            f"{count:,}; write or read them in several steps",
            channel=channel,
        )


def too_long(
    channel: str, count: int, most: int, advice: str, key: str | None = None
) -> ChannelValueError:
    """Return the error for lists of `count` items, of which a channel reads `most` at once."""
    found = "the lists have" if key is None else f"the list under {key!r} has"
    return ChannelValueError(
        f"{found} {count:,} items or more, and a channel reads {most:,} at one moment, lest "
        f"it block the server for long: {advice}, or keep shorter lists",
        channel=channel,
        key=key,
    )

"""The protocol of servers as hiredis writes and reads it, where that is to be had.

There is none for WebAssembly, where nothing connects to a server either. Programs that run there
can still import channels on servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from redis.connection import DefaultParser
from redis.exceptions import InvalidResponse

if TYPE_CHECKING:
    import hiredis
else:
    try:
        import hiredis
    except ModuleNotFoundError:
        hiredis = None

__all__ = ["CLOSED", "MORE", "PUSH", "hiredis", "new_reader", "pack"]

pack: Final[Any] = getattr(hiredis, "pack_command", None)
"""A function that writes a command, which is a tuple of `str` and `bytes`."""

PUSH: Final[Any] = getattr(hiredis, "PushNotification", None)
"""The type of what a server says without being asked."""

MORE: Final = object()
"""What a reader gives while the rest of a reply is still to come."""

CLOSED: Final = "Connection closed by server."
"""What errors say about the end of a connection, as those of redis-py do."""


def new_reader() -> Any:
    """Return what reads replies; those that are errors are exceptions of redis-py."""
    return hiredis.Reader(
        protocolError=InvalidResponse, replyError=DefaultParser.parse_error, notEnoughData=MORE
    )

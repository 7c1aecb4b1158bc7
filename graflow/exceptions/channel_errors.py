"""Errors of channels, their servers and their locks."""

from __future__ import annotations

from graflow.exceptions.root import GraflowError

__all__ = [
    "ChannelConflictError",
    "ChannelConnectionError",
    "ChannelDataError",
    "ChannelError",
    "ChannelKeyError",
    "ChannelNotFoundError",
    "ChannelOverflowError",
    "ChannelPermissionError",
    "ChannelServerError",
    "ChannelTimeoutError",
    "ChannelTypeError",
    "ChannelUnavailableError",
    "ChannelValueError",
    "EvictionError",
    "LockDeadlockError",
    "LockLostError",
    "LockReentryError",
    "OutcomeUnknownError",
]


class ChannelError(GraflowError):
    """An operation on a channel failed.

    Attributes:
        channel: The channel's name, or `None` if no channel is involved yet.
        key: The key, or `None` if the operation is not about a single key.
    """

    channel: str | None
    key: str | None

    def __init__(
        self, message: str = "", *, channel: str | None = None, key: str | None = None
    ) -> None:
        super().__init__(message)
        self.channel = channel
        self.key = key


class ChannelKeyError(ChannelError, KeyError):
    """The channel holds nothing under the key, or what it held has expired."""


class ChannelNotFoundError(ChannelError, FileNotFoundError):
    """The file or directory that was to be opened, and not to be made, is not there."""


class ChannelTypeError(ChannelError, TypeError):
    """A value, or what a key holds, is of a type that the operation can't handle."""


class ChannelValueError(ChannelError, ValueError):
    """An argument is of the right type but has an invalid value."""


class ChannelOverflowError(ChannelError, OverflowError):
    """A sum is too large for a float; the stored number is unchanged."""


class ChannelTimeoutError(ChannelError, TimeoutError):
    """A lock did not become free, or a value did not come, while the caller was willing to wait."""


class ChannelConflictError(ChannelError, TimeoutError):
    """Others kept changing the value to be replaced until time ran out; nothing changed."""


class ChannelDataError(ChannelError, ValueError):
    """The data stored under the key was not written by graflow."""


class ChannelConnectionError(ChannelError, ConnectionError):
    """The server could not be reached, or the connection to it broke."""


class ChannelUnavailableError(ChannelConnectionError):
    """The server could not be reached; the operation was not executed."""


class OutcomeUnknownError(ChannelConnectionError):
    """The connection broke after the operation was sent; it may or may not have happened."""


class ChannelPermissionError(ChannelError, PermissionError):
    """The server knows the user but does not let it run the operation."""


class ChannelServerError(ChannelError, RuntimeError):
    """The server answered by refusing the operation (out of memory, read-only, ...)."""


class EvictionError(ChannelServerError):
    """The server deletes keys on its own when its memory is full; nothing was done."""


class LockLostError(ChannelError, RuntimeError):
    """A lock's lease ended before its body did; someone else may have held it in the meantime."""


class LockReentryError(ChannelError, RuntimeError):
    """A thread or a task asked for a lock that it already holds; waiting would never end."""


class LockDeadlockError(ChannelError, RuntimeError):
    """A task would block its thread waiting for a lock held by another task of that thread."""

"""What the failures of a Redis server mean, in errors of our own."""

from __future__ import annotations

import re

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)

from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelPermissionError,
    ChannelServerError,
    ChannelUnavailableError,
    OutcomeUnknownError,
)

__all__ = ["outcome_unknown", "translate", "unavailable"]

# An error inside a script may have its code in the middle of the message.
_REFUSALS: dict[str, tuple[type[ChannelError], str]] = {
    "WRONGTYPE": (
        ChannelDataError,
        "the key holds a Redis type that graflow does not write; something else uses its name",
    ),
    "NOPERM": (
        ChannelPermissionError,
        "the user lacks a right that channels need: allow it what the error names",
    ),
    "OOM": (
        ChannelServerError,
        "the server is out of memory: raise its maxmemory, or delete keys; nothing was stored",
    ),
    "READONLY": (
        ChannelServerError,
        "the server is a read-only replica: connect to its primary; nothing was stored",
    ),
    "MISCONF": (
        ChannelServerError,
        "the server can't save to its disk, so it takes no writes: see its log",
    ),
    "NOREPLICAS": (ChannelServerError, "too few replicas are connected; nothing was stored"),
    "BUSY": (ChannelServerError, "the server is busy with somebody's script; try again later"),
    "CLUSTERDOWN": (ChannelServerError, "the cluster is down; try again when it has recovered"),
    "MASTERDOWN": (ChannelServerError, "the replica has lost its primary; try again later"),
    "CROSSSLOT": (ChannelServerError, "keys of a channel are in several slots of the cluster"),
}
_CODE = re.compile(rf"\b({'|'.join(_REFUSALS)})\b")

# Inside a script a missing right has no code.
_NO_RIGHT = re.compile(r"has no permissions|The user executing the script can't")

# redis-py cuts the code from the message of these.
_CODES = {
    NoPermissionError: "NOPERM",
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    MasterDownError: "MASTERDOWN",
    ClusterDownError: "CLUSTERDOWN",
    ClusterCrossSlotError: "CROSSSLOT",
}


def translate(error: RedisError, server: str) -> ChannelError:
    """Return the error for a reply that refuses a command."""
    found = _CODE.search(f"{_CODES.get(type(error), '')} {error}")
    code = found[1] if found else "NOPERM" if _NO_RIGHT.search(str(error)) else None
    if code is None:
        return ChannelServerError(f"the server {server} refused the operation: {error}")
    kind, advice = _REFUSALS[code]
    return kind(f"{advice} (server {server}: {error})")


def unavailable(cause: BaseException | None, server: str, attempts: int) -> ChannelError:
    """Return the error for an operation that was not executed, or that changes nothing."""
    if isinstance(cause, AuthenticationError | AuthorizationError):
        return ChannelUnavailableError(
            f"the server {server} does not accept the user or the password: {cause}"
        )
    return ChannelUnavailableError(
        f"the server {server} could not be reached in {_times(attempts)}, so the operation was "
        f"not executed: {cause}"
    )


def outcome_unknown(cause: BaseException | None, server: str, attempts: int) -> ChannelError:
    """Return the error for a write that was sent and not answered."""
    return OutcomeUnknownError(
        f"the server {server} did not answer in {_times(attempts)}, so the operation may have "
        f"happened or not; read the key before you repeat it: {cause}"
    )


def _times(attempts: int) -> str:
    return "one attempt" if attempts == 1 else f"{attempts} attempts"

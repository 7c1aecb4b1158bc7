"""Errors of a Redis server, translated into graflow's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelPermissionError,
    ChannelServerError,
    ChannelUnavailableError,
    ChannelValueError,
    EvictionError,
    OutcomeUnknownError,
)

__all__ = [
    "LATE",
    "PASSING",
    "REDIRECTIONS",
    "FencedError",
    "NodeError",
    "TooLongError",
    "code_of",
    "evicting",
    "is_too_long",
    "outcome_unknown",
    "translate",
    "unavailable",
]

REDIRECTIONS: Final = frozenset({"MOVED", "ASK"})
"""Codes of replies that name the node of a cluster to send the command to."""

LATE: Final = "LATE"
"""The code with which our scripts refuse a change whose deadline is over on the server's clock."""

PASSING: Final = REDIRECTIONS | {LATE, "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "BUSY"}
"""Codes of replies that say: not executed, but it may be a moment later."""

_TOO_LONG = "Protocol error: invalid bulk length"


class NodeError(ResponseError):
    """The server is a node of a cluster, and sends on to another one."""


class FencedError(ChannelServerError):
    """A change carries the number of a fence that holds another one by now; nothing was stored."""


class TooLongError(ResponseError):
    """The server does not read a command to its end, since a part of it is too long."""

    def __init__(self, command: Sequence[str | bytes] = ()) -> None:
        """Name the size of the longest part."""
        size = max(map(len, command), default=0)
        super().__init__(f"{size:,} bytes: {_TOO_LONG}")


_NO_CONNECTION_LEFT: Final = "Too many connections"
"""What redis-py says where all connections of a pool are in use."""

_REFUSALS: Final[dict[str, tuple[type[ChannelError], str]]] = {
    "WRONGTYPE": (
        ChannelDataError,
        "the key holds a Redis type that graflow does not write; something else uses its name",
    ),
    "NOPERM": (
        ChannelPermissionError,
        "the user lacks a right that channels need: grant what the error names",
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
        "the server can't save to its disk, so it refuses writes: see its log",
    ),
    "NOREPLICAS": (ChannelServerError, "too few replicas are connected; nothing was stored"),
    "BUSY": (ChannelServerError, "the server is busy with somebody's script; try again later"),
    "LOADING": (ChannelServerError, "the server is still loading its data; try again later"),
    "CLUSTERDOWN": (ChannelServerError, "the cluster is down; try again when it has recovered"),
    "MASTERDOWN": (ChannelServerError, "the replica has lost its primary; try again later"),
    "TRYAGAIN": (
        ChannelServerError,
        "the cluster is moving the channel to another node; try again when it has moved",
    ),
    "MOVED": (
        ChannelServerError,
        "the nodes of the cluster disagree about where the channel is",
    ),
    "ASK": (
        ChannelServerError,
        "the nodes of the cluster disagree about where the channel is",
    ),
    "LATE": (
        ChannelServerError,
        "the operation reached the server after its deadline; nothing was stored",
    ),
    "FENCED": (FencedError, "the fence of the change has moved on; nothing was stored"),
    "CROSSSLOT": (ChannelServerError, "keys of a channel are in several slots of the cluster"),
    "NODE": (
        ChannelServerError,
        "the server is a node of a Redis Cluster: pass cluster=True or a RedisCluster",
    ),
    "TOOLONG": (
        ChannelValueError,
        "the value is longer than the server's proto-max-bulk-len; nothing was stored",
    ),
}

# redis-py cuts the code from the message of these; an older one leaves it in some.
_CODES: Final[dict[type | None, str]] = {
    NoPermissionError: "NOPERM",
    NoScriptError: "NOSCRIPT",
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    BusyLoadingError: "LOADING",
    MasterDownError: "MASTERDOWN",
    ClusterDownError: "CLUSTERDOWN",
    ClusterCrossSlotError: "CROSSSLOT",
    TryAgainError: "TRYAGAIN",
    MovedError: "MOVED",
    AskError: "ASK",
    NodeError: "NODE",
    TooLongError: "TOOLONG",
}

# What a reply begins with; an error inside a script may have its code in the middle.
_CODE = re.compile(r"-?([A-Z]{3,})\b")
_CODE_INSIDE = re.compile(rf"\b({'|'.join(_REFUSALS)})\b")

# Inside a script some have no code.
_WITHOUT_CODE = {
    "NOPERM": re.compile(r"has no permissions|The user executing the script can't"),
    "TRYAGAIN": re.compile(
        r"cript attempted to access a non local key|during rehashing of the slot"
    ),
}


def code_of(error: BaseException | None) -> str:
    """Return the code with which the server refused a command, or `""` if it is another error."""
    code = _CODES.get(type(error))
    if code is not None:
        return code
    if not isinstance(error, ResponseError):
        return ""  # no reply, although its text may contain a word that looks like a code
    text = str(error)
    found = _CODE.match(text)
    if found and found[1] in _REFUSALS:
        return found[1]
    for code, words in _WITHOUT_CODE.items():
        if words.search(text):
            return code
    found = _CODE_INSIDE.search(text)
    return found[1] if found else ""


def is_too_long(error: ResponseError) -> bool:
    """Tell whether the server refuses a command because of the length of a part of it."""
    return _TOO_LONG in str(error)


def translate(error: BaseException, server: str) -> ChannelError:
    """Return the error for a reply that refuses a command."""
    refusal = _REFUSALS.get(code_of(error))
    if refusal is None:
        return ChannelServerError(f"the server {server} refused the operation: {error}")
    kind, advice = refusal
    return kind(f"{advice} (server {server}: {error})")


def evicting(server: str, policy: object) -> ChannelError:
    """Return the error for a server that does not keep what it is given."""
    return EvictionError(
        f"the server {server} deletes keys on its own when its memory is full ({policy}), so that "
        "a channel's locks, lists and values could vanish; nothing was done. Set its "
        "maxmemory-policy to noeviction, use another server, or pass allow_eviction=True if "
        "that is acceptable"
    )


def unavailable(cause: BaseException | None, server: str, attempts: int) -> ChannelError:
    """Return the error for an operation that was not executed, or that changes nothing."""
    if isinstance(cause, AuthenticationError | AuthorizationError):
        return ChannelUnavailableError(
            f"the server {server} does not accept the user or the password: {cause}"
        )
    if str(cause) == _NO_CONNECTION_LEFT:
        return ChannelUnavailableError(
            f"all connections to the server {server} that max_connections allows were in use by "
            f"other threads in {_times(attempts)}, so the operation was not executed"
        )
    return ChannelUnavailableError(
        f"the server {server} could not be reached in {_times(attempts)}, so the operation was "
        f"not executed: {cause}"
    )


def outcome_unknown(cause: BaseException | None, server: str, attempts: int) -> ChannelError:
    """Return the error for a write that was sent and not answered."""
    return OutcomeUnknownError(
        f"the server {server} did not answer in {_times(attempts)}, so the operation may or may "
        f"not have happened; read the key before you repeat it: {cause}"
    )


def _times(attempts: int) -> str:
    return "one attempt" if attempts == 1 else f"{attempts} attempts"

"""Refusals that say more than that: about the command, or about the server."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import ResponseError

from graflow.channels.redis.errors import (
    REDIRECTIONS,
    NodeError,
    TooLongError,
    code_of,
    is_too_long,
)
from graflow.channels.redis.retrying import NotExecuted

__all__ = ["refused", "refused_by_primary", "refused_by_server"]


def refused(error: ResponseError, command: Sequence[str | bytes]) -> None:
    """Raise what a refusal says about the command, if it does.

    Raises:
        TooLongError: A part of it is too long for the server.
    """
    if is_too_long(error):
        raise TooLongError(command) from error


def refused_by_primary(error: ResponseError, command: Sequence[str | bytes]) -> None:
    """Raise what it says if the server was the primary that Sentinels name.

    Raises:
        NotExecuted: It is a replica now.
        TooLongError: A part of the command is too long for the server.
    """
    if code_of(error) == "READONLY":
        raise NotExecuted from error
    refused(error, command)


def refused_by_server(error: ResponseError, command: Sequence[str | bytes]) -> None:
    """Raise what it says if the server should be a single one.

    Raises:
        NodeError: It is a node of a cluster.
        TooLongError: A part of the command is too long for the server.
    """
    if code_of(error) in REDIRECTIONS:
        raise NodeError(str(error)) from error
    refused(error, command)

"""Updates: read a value, and write the new one unless somebody else wrote in between.

An update that keeps losing to others asks for its turn: a lock that other updates respect, granted
in the order of asking. Plain writes do not respect it, so an update may still fail; it then gives
up after a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final, Protocol

from graflow.channels.codec.codec import Record
from graflow.channels.locks.lease import free_later
from graflow.channels.locks.line import LockPrimitives, wait_in_line
from graflow.channels.process_ids import new_owner
from graflow.exceptions import (
    ChannelConflictError,
    ChannelConnectionError,
    ChannelError,
    ChannelUnavailableError,
)
from graflow.system.clock import monotonic

__all__ = ["Updatable", "insist", "turn_name"]

_random = Random()  # of our own, as programs and tests may seed the one they share

_EAGER: Final = 0.1  # seconds for which an update tries without a turn
_LEAST_LEASE: Final = 1_000  # ms for which a turn is taken, and lost if its owner dies


class Updatable(LockPrimitives, Protocol):
    """The part of a channel that updates use; see `Channel` for the methods."""

    _timeout: float

    def _read(self, key: str) -> Record | None: ...

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool: ...


def turn_name(key: str) -> str:
    """Return the name of the lock that is the turn to update `key`; no user's lock has it."""
    return f"\0turn {key}"


def insist(
    channel: Updatable,
    key: str,
    make: Callable[[Record | None], tuple[Record, Any]],
    started: float,
) -> Any:
    """Continue with an update whose first attempt came too late.

    Args:
        channel: The channel.
        key: The key.
        make: Returns the new record, and the result of the update.
        started: When the update began, on the clock of `time.monotonic`.

    Returns:
        The result that `make` returned with the record that was written.

    Raises:
        ChannelConflictError: Others kept writing in between until the channel's `_timeout` was
            over.
    """
    until = started + channel._timeout
    owner, attempts = "", 1
    began, lease = started, _LEAST_LEASE
    try:
        while (now := monotonic()) < until:
            if now - started > min(_EAGER, channel._timeout / 4):
                owner = owner or new_owner()
                lease = _LEAST_LEASE + round(2_000 * (now - began))
                _take_turn(channel, key, owner, lease, until)
            else:
                time.sleep(_random.uniform(0, 0.001 * min(attempts, 20)))
            began = monotonic()
            old = channel._read(key)
            new, result = make(old)
            if channel._swap_in_turn(key, old, new, owner):
                return result
            attempts += 1
        raise _conflict(attempts, channel._timeout)
    except ChannelConnectionError:
        if owner:  # the time is over, so nobody waits for this
            free_later(channel, turn_name(key), owner, lease)
            owner = ""
        raise
    finally:
        if owner:
            with suppress(ChannelError):  # the turn soon expires anyway
                channel._release(turn_name(key), owner)


def _take_turn(channel: Updatable, key: str, owner: str, lease: int, until: float) -> None:
    """Wait for the turn to update `key`; without it the update tries its luck.

    Raises:
        ChannelUnavailableError: The channel can't be reached.
    """
    try:
        wait_in_line(channel, turn_name(key), owner, lease, until)
    except ChannelConnectionError as error:  # reading the key would take as long again
        raise ChannelUnavailableError(
            f"the server {channel._server()} could not be reached while an update waited for its "
            "turn, so the update did not happen"
        ) from error
    except ChannelError:
        pass  # if it lasts, reading the key shows it too


def _conflict(attempts: int, seconds: float) -> ChannelConflictError:
    return ChannelConflictError(
        f"others kept writing to the key for {seconds:g} s: {attempts} attempts to update it came "
        "too late, and changed nothing. Make the function faster, or have every writer take a lock"
    )

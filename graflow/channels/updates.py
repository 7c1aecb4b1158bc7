"""Updates: a value is read, and what was made of it is written unless somebody wrote meanwhile.

Who keeps being too slow for others asks for its turn: a lock that other updates respect, taken in
the order of asking. Plain writes don't, so an update can be kept from ending; then it gives up.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
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

_EAGER: Final = 0.1  # seconds for which an update tries without a turn
_LEAST_LEASE: Final = 1_000  # ms for which a turn is taken; so much one costs that died in it


class Updatable(LockPrimitives, Protocol):
    """What an update needs of a channel; `Channel` says what each does."""

    _timeout: float

    def _read(self, key: str) -> Record | None: ...

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool: ...


def turn_name(key: str) -> str:
    """Return the name of the lock that is the turn to update `key`: that of no user's lock."""
    return f"\0turn {key}"


def insist(
    channel: Updatable,
    key: str,
    make: Callable[[Record | None], tuple[Record, Any]],
    started: float,
) -> Any:
    """Go on with an update whose first attempt came too late.

    Args:
        channel: The channel.
        key: The key.
        make: Returns what to swap the record for, and what goes with it.
        started: When the update began, on the clock of `time.monotonic`.

    Returns:
        What `make` returned with the record that was written.

    Raises:
        ChannelConflictError: Others wrote in between for as long as the channel's `_timeout`.
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
                time.sleep(random.uniform(0, 0.001 * min(attempts, 20)))
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
            with suppress(ChannelError):  # the turn ends soon, by itself
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
        pass  # what is wrong shows when the key is read again


def _conflict(attempts: int, seconds: float) -> ChannelConflictError:
    return ChannelConflictError(
        f"others kept writing to the key for {seconds:g} s, in which {attempts} attempts to update "
        "it came too late; nothing was changed by them. Make the function quicker, or let all "
        "who write take a lock"
    )

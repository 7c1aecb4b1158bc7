"""Attempts at a commit that others may come before: again and again, and then in turn.

Whoever keeps losing to others asks for a turn: a lock on the key that is fought over, which the
commits of other attempts respect, granted in the order of asking. Plain writes don't respect it, so
an attempt may still fail; after a while that is the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

from graflow.channels.backend import Conflict
from graflow.channels.commits.commit import Steps
from graflow.channels.hidden_keys import shown_key
from graflow.channels.locks.letting_go import let_go
from graflow.channels.locks.line import wait_in_line
from graflow.channels.locks.lock_steps import FreeLater, Sleep
from graflow.channels.process_ids import new_owner
from graflow.exceptions import (
    ChannelConflictError,
    ChannelConnectionError,
    ChannelError,
    ChannelUnavailableError,
)
from graflow.system.chance import CHANCE
from graflow.system.clock import monotonic

__all__ = ["Limits", "insist", "turn_name"]

R = TypeVar("R")

_EAGER: Final = 0.1  # seconds for which attempts are made without a turn
_TURN: Final = "\0turn "
_LEAST_LEASE: Final = 1_000  # ms for which a turn is taken, and lost if its owner dies


class Limits(NamedTuple):
    """How long something is attempted.

    Attributes:
        seconds: For how many seconds a new attempt may begin.
        attempts: How many attempts there may be, >= 1; `None` for any number.
    """

    seconds: float
    attempts: int | None = None


def turn_name(key: str) -> str:
    """Return the name of the lock that is the turn to change `key`; no user's lock has it."""
    return _TURN + key


def insist(attempt: Callable[[str], Steps[R | Conflict]], limits: Limits, name: str) -> Steps[R]:
    """Make attempts until one is not in conflict with what others write.

    Args:
        attempt: Takes the owner of turns, or `""`; commits with that owner's `Unlocked` checks.
        limits: When to give up.
        name: The channel's name, for messages.

    Returns:
        What the attempt returned that was not in conflict.

    Raises:
        ChannelConflictError: There was none; nothing changed.
    """
    started = monotonic()
    outcome = yield from attempt("")
    if isinstance(outcome, Conflict):
        return (yield from _insist(attempt, outcome, limits, name, started))
    return outcome


def _insist(
    attempt: Callable[[str], Steps[R | Conflict]],
    conflict: Conflict,
    limits: Limits,
    name: str,
    started: float,
) -> Steps[R]:
    """Go on after a first attempt that came too late."""
    turns = _Turns()
    began, until, count = started, started + limits.seconds, 1
    try:
        while (now := monotonic()) < until and count != limits.attempts:
            turns.wanted.add(_key_of(conflict))
            if now - started > min(_EAGER, limits.seconds / 4):
                yield from turns.take(_LEAST_LEASE + round(2_000 * (now - began)), until)
            else:
                yield Sleep(CHANCE.uniform(0, 0.001 * min(count, 20)))
            began = monotonic()
            outcome = yield from attempt(turns.owner)
            count += 1
            if not isinstance(outcome, Conflict):
                return outcome
            conflict = outcome
        raise _gave_up(name, _key_of(conflict), count, limits)
    except ChannelConnectionError:
        yield from turns.leave_behind()  # the time is over, so nobody waits for this
        raise
    finally:
        yield from turns.give_back()


class _Turns:
    """The turns of somebody who keeps losing, on the keys that were fought over.

    Attributes:
        owner: Who has them; `""` while nobody does.
        wanted: The keys. Several are taken in their order, so that no two wait for each other.
    """

    def __init__(self) -> None:
        self.owner = ""
        self.wanted: set[str] = set()
        self._lease = _LEAST_LEASE
        self._held: list[str] = []

    def take(self, lease: int, until: float) -> Steps[None]:
        """Wait for the turns; without them the next attempt tries its luck.

        Raises:
            ChannelUnavailableError: The channel can't be reached.
        """
        self.owner, self._lease = self.owner or new_owner(), lease
        wanted = [turn_name(key) for key in sorted(self.wanted)]
        if self._held and self._held != wanted:
            yield from self.give_back()
        self._held = wanted
        try:
            for turn in wanted:
                yield from wait_in_line(turn, self.owner, lease, until)
        except ChannelConnectionError as error:  # reading the key would take as long again
            raise ChannelUnavailableError(
                f"a change waited for its turn: {error}; so it did not happen"
            ) from error
        except ChannelError:
            pass  # if it lasts, reading the key shows it too
        except NotImplementedError:
            self._held = []  # the backend has no locks, and so no turns

    def give_back(self) -> Steps[None]:
        """Let others have their turns."""
        held, self._held = self._held, []
        with suppress(ChannelError):  # the turns soon expire anyway
            for turn in held:
                yield from let_go(turn, self.owner, self._lease)

    def leave_behind(self) -> Steps[None]:
        """Have the turns freed in the background, once the channel can be reached again."""
        held, self._held = self._held, []
        for turn in held:
            yield FreeLater(turn, self.owner, self._lease)


def _key_of(conflict: Conflict) -> str:
    """Return the key that was fought over, if only for the turn to change it."""
    return conflict.key.removeprefix(_TURN)


def _gave_up(name: str, key: str, count: int, limits: Limits) -> ChannelConflictError:
    shown = shown_key(key) if key else None
    time = "" if math.isinf(limits.seconds) else f" in at most {limits.seconds:g} s"
    what = "the channel's keys" if shown is None else f"key {shown!r}"
    tries = "1 attempt" if count == 1 else f"{count:,} attempts"
    return ChannelConflictError(
        f"channel {name!r}: others kept writing to {what}: {tries}{time} came too late, "
        "and changed nothing. Make the function faster, or have every writer take a lock",
        channel=name,
        key=shown,
    )

"""Deadlines of changes on the server's clock, so that the server refuses late arrivals."""

from __future__ import annotations

import re

from graflow.system.clock import monotonic

__all__ = ["ServerClock", "clock_of", "is_stamped"]

_SLACK = 1  # second that the clocks of a server and of its successor may differ
_TRUSTED_FOR = 600.0  # seconds, in which no clock drifts by more than the slack
_UNKNOWN = b"1000000000:"  # long over
_NOW = re.compile(r"LATE (\d+)")


class ServerClock:
    """What a process knows of a server's clock.

    At first that is nothing. Then the server refuses a change, as one whose deadline is over, and
    says what time it is. So a clock costs one round trip, and no change has to ask for it.
    """

    __slots__ = ("_ahead", "_until")

    def __init__(self) -> None:
        """Know nothing."""
        self._ahead = 0.0  # seconds, of the clock of `time.monotonic`
        self._until = 0.0

    def stamp(self, token: bytes, moment: float) -> bytes:
        """Return a token with a deadline: its change must not happen long after a moment.

        Args:
            token: One that no change has used.
            moment: On the clock of `time.monotonic`.
        """
        if moment > self._until:
            return _UNKNOWN + token
        return b"%010d:%b" % (moment + self._ahead, token)

    def stamp_again(self, token: bytes, moment: float) -> bytes:
        """Return a stamped token with a new deadline."""
        return self.stamp(token[len(_UNKNOWN) :], moment)

    def learn(self, refusal: Exception) -> None:
        """Take the time from a reply that refuses a late change."""
        found = _NOW.search(str(refusal))
        if found is not None:
            now = monotonic()
            self._ahead = int(found[1]) + 1 + _SLACK - now
            self._until = now + _TRUSTED_FOR


_clocks: dict[str, ServerClock] = {}


def clock_of(server: str) -> ServerClock:
    """Return what this process knows of the clock of a server.

    Args:
        server: Its address. Nodes of a cluster, and servers behind Sentinels, count as one: the
            clocks of such machines are kept in step, and where they aren't, a refusal tells.
    """
    return _clocks.setdefault(server, ServerClock())


def is_stamped(token: bytes) -> bool:
    """Tell whether a token has a deadline; else the server refuses it, whenever it comes."""
    return not token.startswith(_UNKNOWN)

"""Leftovers: keys on a server of runs of the suite that were killed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from graflow.testing.servers import BATCH, PRESENCES

__all__ = ["Contents", "contents_of", "remove"]

_RUN = re.compile(rb"graflow:\{(conformance-[0-9a-f]{8}-)")
_SUITE = "graflow:{conformance-*"


@dataclass(frozen=True, slots=True)
class Contents:
    """The keys of graflow that a database contains.

    Attributes:
        other: A key that no run of the suite wrote, if there is one.
        running: The runs of the suite that are under way.
        left: The number of keys of each run that did not remove them and is not under way.
    """

    other: str | None
    running: frozenset[bytes]
    left: Counter[bytes]

    @property
    def summary(self) -> str:
        """The leftovers in words."""
        keys, runs = self.left.total(), len(self.left)
        return (
            f"{keys:,} {'key' if keys == 1 else 'keys'} of "
            f"{'an earlier run' if runs == 1 else f'{runs:,} earlier runs'} of this suite"
        )


def contents_of(client: Any) -> Contents:
    """Return what a database contains of graflow.

    Args:
        client: A client of the server, or of the cluster.

    Raises:
        redis.RedisError: It can't be asked.
    """
    left: Counter[bytes] = Counter()
    for key in client.scan_iter(match=_SUITE, count=BATCH):
        if run := _RUN.match(key):
            left[run[1]] += 1
    # The presence of a run begins before its first key, and ends after the last: look after them.
    presence = PRESENCES.encode()
    running = {
        key.removeprefix(presence) for key in client.scan_iter(match=f"{PRESENCES}*", count=BATCH)
    }
    others = (
        key
        for key in client.scan_iter(match="graflow:*", count=BATCH)
        if not _RUN.match(key) and not key.startswith(presence)
    )
    other = next(others, None)
    return Contents(
        None if other is None else other.decode(errors="backslashreplace"),
        frozenset(running),
        Counter({run: keys for run, keys in left.items() if run not in running}),
    )


def remove(client: Any, contents: Contents) -> None:
    """Remove the leftovers.

    Raises:
        redis.RedisError: The server can't be reached.
    """
    for key in client.scan_iter(match=_SUITE, count=BATCH):
        run = _RUN.match(key)
        if run and run[1] in contents.left:
            client.unlink(key)

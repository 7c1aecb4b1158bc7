"""`ListedRuns`: the latest runs on a channel, with how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from graflow.channels.base import Channel
from graflow.core.registry.run_records import (
    RunRecord,
    alive_key,
    run_ids,
    run_key,
    state_of,
    unpacked,
)
from graflow.core.registry.stored_history import run_history
from graflow.exceptions import RunNotFoundError
from graflow.ui.answers.followed_run import milliseconds
from graflow.ui.answers.shared_reading import SharedReading

__all__ = ["ListedRuns"]

_OFTEN: Final = 0.5  # s between two looks
_LISTED: Final = 200  # runs
_COUNTED: Final = 50  # runs of which it is told how many tasks are done
_BUDGET: Final = 0.3  # s for counting; what is missing comes with the next look
_AT_ONCE: Final = 1_000  # records that are read in one step
_LONG: Final = 500  # characters of an error

Row = dict[str, Any]


class _Seen(NamedTuple):
    run_id: str
    record: RunRecord
    state: str


class ListedRuns:
    """The latest runs on a channel.

    `graflow.runs` counts results, for which it goes through all keys of the channel. Here the
    history of a run tells, which is read once if the run has ended.
    """

    def __init__(self, channel: Channel, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the channel, and what tells the time."""
        self._channel, self._clock = channel, clock
        self._counts: dict[tuple[str, int, str], tuple[int, int]] = {}
        self._reading = SharedReading(self._read, lambda told: _OFTEN, clock)

    def latest(self) -> dict[str, Any]:
        """Return the latest runs, the last one first, and how many there are in all."""
        return self._reading.latest()

    def _read(self) -> dict[str, Any]:
        ids = list(dict.fromkeys(run_ids(self._channel)))
        seen = [
            each
            for first in range(0, len(ids), _AT_ONCE)
            for each in self._seen(ids[first : first + _AT_ONCE])
        ]
        seen.sort(key=lambda each: (each.record.begun, each.run_id), reverse=True)
        self._count(seen[:_COUNTED])
        return {"runs": [self._row(each) for each in seen[:_LISTED]], "total": len(seen)}

    def _seen(self, ids: Sequence[str]) -> list[_Seen]:
        keys = [*map(run_key, ids), *map(alive_key, ids)]
        held = self._channel.backend.read(keys)
        found = []
        for run_id, record, alive in zip(ids, held, held[len(ids) :], strict=False):
            known = unpacked(record)
            if known is not None:
                state = state_of(known, is_alive=alive is not None)
                found.append(_Seen(run_id, known, state))
        return found

    def _count(self, seen: Sequence[_Seen]) -> None:
        """Find out how many tasks are done in some runs; of those that go on, each time."""
        before, self._counts = self._counts, {}
        end = self._clock() + _BUDGET
        for each in seen:
            name = _name(each)
            if name in before:
                self._counts[name] = before[name]
            if (name in before and each.state != "running") or self._clock() > end:
                continue
            with suppress(RunNotFoundError):  # it has just been forgotten
                history = run_history(self._channel, each.run_id)
                self._counts[name] = history.counts()["finished"], len(history.tasks)

    def _row(self, seen: _Seen) -> Row:
        run_id, record, state = seen
        done, total = self._counts.get(_name(seen), (None, None))
        return {
            "id": run_id,
            "workflow": record.workflow,
            "state": state,
            "begun": milliseconds(record.begun),
            "ended": milliseconds(record.ended),
            "done": done,
            "total": total,
            "error": record.error and record.error[:_LONG],
        }


def _name(seen: _Seen) -> tuple[str, int, str]:
    """Return what a count is kept by: a run that is taken over has others."""
    return seen.run_id, seen.record.number, seen.state

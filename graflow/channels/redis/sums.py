"""Sums beyond the scripts, as Lua has only doubles: found here, stored if nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from graflow.channels.commits.commit import (
    Add,
    Answer,
    Change,
    Check,
    Commit,
    Conflict,
    Delete,
    Held,
    Holds,
    Put,
    StartsWith,
    Steps,
)
from graflow.channels.commits.settling import Ends, Outcome, settle
from graflow.channels.operation.attempts import Limits, insist
from graflow.channels.operation.reads import Read

__all__ = ["commit_sums"]


def commit_sums(
    name: str, timeout: float, checks: Sequence[Check], changes: Sequence[Change]
) -> Steps[list[Answer] | Conflict]:
    """Make a commit whose sums the server can't find by itself.

    The keys with sums are read, and all that the commit does with them is found here.

    Args:
        name: The channel's name.
        timeout: For how many seconds a new attempt may begin, while others write.
        checks: As for `Backend.commit`; the same goes for the changes.
        changes: Sums among them.

    Raises:
        NotAList, NotANumber, ChannelOverflowError: As for `Backend.commit`.
        ChannelConflictError: Others kept writing to the keys.
    """
    summed = list(dict.fromkeys(change.key for change in changes if isinstance(change, Add)))
    about = [check for check in checks if isinstance(check, Holds | StartsWith)]

    def attempt(owner: str) -> Steps[list[Answer] | _Final | Conflict]:
        found: list[Held | None] = yield Read(summed)
        records = {
            key: None if held is None else held.record
            for key, held in zip(summed, found, strict=True)
        }
        mine = [change for change in changes if change.key in records]
        asked = [check for check in about if check.key in records]
        done = settle(asked, mine, records.__getitem__, tuple)
        if isinstance(done, Conflict):
            return _Final(done)
        unchanged = [Holds(key, record) for key, record in records.items()]
        others = [change for change in changes if change.key not in records]
        puts = [_change(key, outcome) for key, outcome in done.outcomes.items()]
        answers = yield Commit([*checks, *unchanged], [*others, *puts])
        if isinstance(answers, Conflict):
            return answers if answers.key in records else _Final(answers)
        theirs, ours = iter(answers), iter(done.answers)
        return [next(ours if change.key in records else theirs) for change in changes]

    steps: Steps[list[Answer] | _Final] = insist(attempt, Limits(timeout), name)
    outcome = yield from steps
    return outcome.conflict if isinstance(outcome, _Final) else outcome


class _Final(NamedTuple):
    """A conflict with a check that was asked for, which is the end."""

    conflict: Conflict


def _change(key: str, outcome: Outcome) -> Change:
    now, ttl = outcome
    assert not isinstance(now, Ends)
    return Delete(key) if now is None else Put(key, now, ttl)

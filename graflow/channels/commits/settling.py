"""Settlement of a commit: its checks judged and its changes made on paper, without any I/O.

A backend that can hold its store still, by a lock or a transaction, lets `settle` find out what a
commit makes of each key, and stores that. A transaction sees its own writes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import (
    KEEP,
    Answer,
    Change,
    Check,
    Conflict,
    Holds,
    KeysAre,
    Put,
    StartsWith,
)
from graflow.channels.commits.lock_records import holder_in
from graflow.channels.commits.stage import Ends, Found, Outcome, Stage, record_of
from graflow.channels.hidden_keys import lock_key

__all__ = ["Ends", "Found", "Outcome", "Settlement", "record_of", "settle"]


class Settlement(NamedTuple):
    """A commit that happens.

    Attributes:
        answers: One for each change.
        outcomes: What becomes of the keys that change.
    """

    answers: list[Answer]
    outcomes: dict[str, Outcome]


def settle(
    checks: Sequence[Check],
    changes: Sequence[Change],
    find: Callable[[str], Found],
    keys: Callable[[], Collection[str]],
    holder: Callable[[str], str | None] | None = None,
) -> Settlement | Conflict:
    """Find out what a commit comes to. The store must not change until that is stored.

    Args:
        checks: What must be so.
        changes: What is to happen.
        find: Returns what a key holds, unless it has expired. Nothing is done to it.
        keys: Returns the live keys, as `Backend.keys` does.
        holder: Returns the owner of a lock. By default the backend keeps locks where `Backend`
            itself puts them.

    Raises:
        NotAList, NotANumber, ChannelOverflowError: As for `Backend.commit`.
    """
    for check in checks:
        if not _holds(check, find, keys, holder):
            return Conflict("" if isinstance(check, KeysAre) else check[0])
    answers: list[Answer] = []
    staged: dict[str, Stage] = {}
    for change in changes:
        key = change.key
        stage = staged.get(key)
        if stage is None:
            # What a key held does not matter where it is replaced.
            is_replaced = type(change) is Put and change.ttl != KEEP
            stage = staged[key] = Stage(None if is_replaced else find(key))
        answers.append(stage.make(change))
    return Settlement(answers, {key: stage.outcome() for key, stage in staged.items()})


def _holds(
    check: Check,
    find: Callable[[str], Found],
    keys: Callable[[], Collection[str]],
    holder: Callable[[str], str | None] | None,
) -> bool:
    match check:
        case Holds(key, record):
            return _is_same(find(key), record)
        case StartsWith(key, items):
            found = find(key)
            return (
                found is not None
                and not isinstance(found, bytes)
                and len(found) >= len(items)
                and all(found[index] == item for index, item in enumerate(items))
            )
        case KeysAre(expected):
            return set(keys()) == set(expected)
        case _:
            lock, owner = check
            held = find(lock_key(lock)) if holder is None else None
            found_owner = holder_in(_as_record(held)) if holder is None else holder(lock)
            return found_owner is None or found_owner == owner


def _as_record(found: Found) -> Record | None:
    return found if found is None or isinstance(found, bytes) else list(found)


def _is_same(found: Found, record: Record | None) -> bool:
    if found is None or record is None or isinstance(found, bytes) or isinstance(record, bytes):
        return found == record
    return len(found) == len(record) and list(found) == record

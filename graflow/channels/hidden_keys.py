"""Hidden keys: those that graflow keeps in a channel beside the keys of its users.

To a backend all keys are text alike. A key that begins with a NUL is graflow's own; a user's
key that begins with a NUL is stored with a second one in front, which tells it apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

__all__ = [
    "FENCES",
    "KEPT",
    "HiddenKey",
    "belongs_to",
    "is_visible",
    "kept_key",
    "lock_key",
    "run_of",
    "run_prefix",
    "shown_key",
    "stored_key",
    "visible_keys",
]

KEPT: Final = "\0="
"""The prefix of hidden keys that `clear` leaves alone: what is kept about the channel itself."""

FENCES: Final = f"{KEPT}fences"
"""The key of the latest fencing number, where a backend has no other place for it."""

_RUNS: Final = "\0run:"

_FIRST_PLAIN = "\1"
"""The smallest text that is not empty and does not begin with a NUL."""


class HiddenKey(str):
    """A hidden key, which every operation of a channel accepts in place of a user's key."""

    __slots__ = ()


def stored_key(key: str) -> str:
    """Return the key under which a backend stores a user's key."""
    return key if key >= _FIRST_PLAIN else f"\0{key}"


def shown_key(stored: str) -> str:
    """Return a key as users know it; for a run's own key, the part after the run's id."""
    if stored >= _FIRST_PLAIN:
        return stored
    return stored.split(":", 2)[-1] if _is_hidden(stored) else stored[1:]


def visible_keys(stored: Iterable[str]) -> list[str]:
    """Return the users' keys among those that a backend has."""
    return [
        key if key >= _FIRST_PLAIN else key[1:]
        for key in stored
        if key >= _FIRST_PLAIN or not _is_hidden(key)
    ]


def is_visible(stored: str) -> bool:
    """Tell whether a stored key is a user's."""
    return stored >= _FIRST_PLAIN or not _is_hidden(stored)


def kept_key(kind: str, name: str) -> str:
    """Return the key of what is kept about the channel: of a kind, about something by name."""
    return f"{KEPT}{kind}:{name}"


def lock_key(lock: str) -> str:
    """Return the key of a lock, where a backend has no other place for it."""
    return kept_key("lock", lock)


@lru_cache
def run_prefix(run_id: str) -> str:
    """Return the prefix of a run's hidden keys, which no other run's keys share."""
    return f"{_RUNS}{quote(run_id, safe='')}:"


def run_of(stored: str) -> str:
    """Return the id of the run that a hidden key belongs to; empty if it is a user's."""
    return unquote(stored.split(":", 2)[1]) if stored.startswith(_RUNS) else ""


def belongs_to(run_id: str) -> Callable[[str], bool]:
    """Return a function that tells whether a stored key is a user's or belongs to this run."""
    prefix = run_prefix(run_id)
    return lambda stored: not _is_hidden(stored) or stored.startswith(prefix)


def _is_hidden(stored: str) -> bool:
    return stored[0] == "\0" and stored[1:2] != "\0"

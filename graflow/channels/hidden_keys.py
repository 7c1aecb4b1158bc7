"""Hidden keys: what graflow keeps in a channel beside the keys of its users.

A backend is given text for each key and knows no difference. A key that begins with a NUL is
graflow's own; a user's key that does so is kept with one more NUL before it, and so is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote

__all__ = ["HiddenKey", "belongs_to", "run_prefix", "shown_key", "stored_key", "visible_keys"]

_FIRST_PLAIN = "\1"
"""The least text that is neither empty nor begins with a NUL."""


class HiddenKey(str):
    """A hidden key, which every operation of a channel takes where a user's key would stand."""

    __slots__ = ()


def stored_key(key: str) -> str:
    """Return what a backend is given for a user's key."""
    return key if key >= _FIRST_PLAIN else f"\0{key}"


def shown_key(stored: str) -> str:
    """Return a key as users know it; of a run's own key that is the part after the run."""
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


@lru_cache
def run_prefix(run_id: str) -> str:
    """Return what the hidden keys of a run begin with, and those of no other run."""
    return f"\0run:{quote(run_id, safe='')}:"


def belongs_to(run_id: str) -> Callable[[str], bool]:
    """Return a function that tells whether a backend's key is a user's or of this run."""
    prefix = run_prefix(run_id)
    return lambda stored: not _is_hidden(stored) or stored.startswith(prefix)


def _is_hidden(stored: str) -> bool:
    return stored[0] == "\0" and stored[1:2] != "\0"

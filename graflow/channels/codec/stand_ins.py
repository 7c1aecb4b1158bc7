"""Stand-ins: objects that are stored as the value which their `__stored__` returns."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["is_stand_in", "without_stand_ins"]

_DEEPEST: Final = 200  # levels of a value; a channel stores fewer


def is_stand_in(value: object) -> bool:
    """Tell whether another value is stored in place of this one."""
    return hasattr(type(value), "__stored__")


def without_stand_ins(value: Any) -> Any:
    """Return a value with what its stand-ins stand for; the value itself if it has none.

    They are found inside lists, tuples, sets and dicts, which are copied then.
    """
    return _without(value, {}, 0)


def _without(value: Any, known: dict[int, Any], depth: int) -> Any:
    kind = type(value)
    if kind not in (list, tuple, set, frozenset, dict):
        return kind.__stored__(value) if is_stand_in(value) else value
    if id(value) in known or depth > _DEEPEST:
        return known.get(id(value), value)
    known[id(value)] = value  # in case it contains itself
    parts = [*value, *value.values()] if kind is dict else list(value)
    found = [_without(part, known, depth + 1) for part in parts]
    if any(new is not old for new, old in zip(found, parts, strict=True)):
        size = len(value)
        known[id(value)] = (
            dict(zip(found[:size], found[size:], strict=True)) if kind is dict else kind(found)
        )
    return known[id(value)]

"""Which pieces of source are worth to be looked at: a quick look at their text, without a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["is_dull", "is_quiet", "mentions"]

_WORTH_A_LOOK = re.compile(
    rb"get_result|get_channel|_channel\(|Channel\b|ExecutionContext\b|\btask\b|initial_channel|task_id"
    # A channel takes more than the one simple argument of `list.append` and `set.update`.
    rb"|\.\s*(?:set|append|prepend|update)\b(?!\s*\([^,()*]*\))"
    rb"|\.\s*(?:atomic_add|set_many|set_all|get_many|get_list|execute)\s*\("
    # What changes a constant or the items of one.
    rb"|\b(?:[A-Z]\w*|cls)\.\w+\s*=[^=]|\.[A-Z][A-Z0-9_]*\s*=[^=]"
    rb"|\b[A-Z][A-Z0-9_]+\s*(?:\[|\.(?:setdefault|update)\()"
)
_MAY_READ = re.compile(rb"\.\s*(?:get|pop|ttl)\s*\(|\*\*|\bgetattr\b")


def is_quiet(source: bytes, aliases: Iterable[str] = ()) -> bool:
    """Tell whether a file surely uses no key and no task, whatever it defines for others."""
    return _WORTH_A_LOOK.search(source) is None and not mentions(source, aliases)


def mentions(source: bytes, aliases: Iterable[str]) -> bool:
    """Tell whether the last part of one of some full names is in a file."""
    return any(each.rpartition(".")[2].encode() in source for each in aliases)


def is_dull(source: bytes, aliases: Iterable[str] = ()) -> bool:
    """Tell whether a function surely uses no key and no task, in a file that does."""
    return is_quiet(source, aliases) and _MAY_READ.search(source) is None

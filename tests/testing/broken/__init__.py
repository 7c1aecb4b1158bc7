"""Broken channels: each has one realistic defect, and the suite has to reject every one."""

from tests.testing.broken import (
    batches,
    checks,
    commits,
    entries,
    errors,
    fences,
    handles,
    keys,
    leases,
    lists,
    locks,
    lost_replies,
    names,
    numbers,
    patterns,
    restarts,
    rounding,
    short_cuts,
    sizes,
    steps,
    transactions,
    ttls,
    updates,
    values,
)
from tests.testing.broken.registry import BrokenChannel, Group

__all__ = ["BROKEN", "GROUPS", "BrokenChannel"]

_MODULES = (
    batches,
    checks,
    commits,
    entries,
    errors,
    fences,
    handles,
    keys,
    lists,
    locks,
    lost_replies,
    names,
    numbers,
    transactions,
    ttls,
    updates,
    restarts,
    rounding,
    patterns,
    sizes,
    steps,
    leases,
    short_cuts,
    values,
)

GROUPS: dict[str, Group] = {
    module.__name__.rpartition(".")[2]: module.broken for module in _MODULES
}
"""All groups, by the names of their modules."""

BROKEN: dict[str, BrokenChannel] = {
    str(member): member for group in GROUPS.values() for member in group.members
}
"""All broken channels, by name."""

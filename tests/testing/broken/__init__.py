"""Broken channels: each has one realistic defect, and the suite has to reject every one."""

from tests.testing.broken import (
    batches,
    checks,
    commits,
    entries,
    errors,
    fences,
    forks,
    handles,
    keys,
    leases,
    lists,
    locks,
    lost_replies,
    names,
    numbers,
    patterns,
    processes,
    restarts,
    rounding,
    shared_handles,
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
    forks,
    handles,
    keys,
    lists,
    locks,
    lost_replies,
    names,
    numbers,
    processes,
    shared_handles,
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

"""Broken channels: each has one realistic defect, and the suite has to reject every one."""

from importlib import import_module
from pkgutil import iter_modules

from tests.testing.broken.registry import BrokenChannel, Group

__all__ = ["BROKEN", "GROUPS", "BrokenChannel"]


def _groups() -> dict[str, Group]:
    """Return the group of each module here that has one, so that none is forgotten."""
    found = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        group = getattr(import_module(f"{__name__}.{name}"), "broken", None)
        if isinstance(group, Group):
            found[name] = group
    return found


GROUPS = _groups()
"""All groups, by the names of their modules."""

BROKEN: dict[str, BrokenChannel] = {
    str(member): member for group in GROUPS.values() for member in group.members
}
"""All broken channels, by name."""

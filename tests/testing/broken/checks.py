"""Commits that do not check what they are asked to."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from graflow.channels.backend import Answer, Change, Check, Conflict, Holds, KeysAre, StartsWith
from graflow.testing import Capability
from tests.testing.broken.hooks import Checking
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.COMMITS)


@broken(
    "only the first check counts",
    clause="If a check does not hold, nothing changes",
)
class FirstCheck(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        return super().commit(checks[:1], changes)


@broken(
    "a commit ignores which keys there are",
    clause="the list of keys",
)
class IgnoresKeys(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return isinstance(check, KeysAre) or check


@broken(
    "a commit looks for the keys that there were, and not for others",
    clause="`keys` reads which keys there are",
)
class IgnoresNewKeys(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return set(check.keys) <= set(self.keys()) if isinstance(check, KeysAre) else check


@broken(
    "a commit ignores the head of a list",
    clause="if they pop, or change the head, the transaction starts over",
)
class IgnoresHead(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return isinstance(check, StartsWith) or check


@broken(
    "the head of a list may be its end",
    clause="`pop` reads the items that it takes, at the head of the list",
)
class HeadIsEnd(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        found = self.find(check[0]) if isinstance(check, StartsWith) else None
        if not isinstance(check, StartsWith) or not isinstance(found, list):
            return check
        count, items = len(check.items), list(check.items)
        return items in (found[:count], found[-count:])


@broken(
    "a list is checked by its length",
    clause="Checks compare records to the byte",
    by=Capability.UPDATE,
)
class ComparesLength(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds) and isinstance(check.record, list):
            found = self.find(check.key)
            return isinstance(found, list) and len(found) == len(check.record)
        return check


@broken(
    "that a key must be missing is not checked",
    clause="stores the value unless the key exists",
)
class AddReplaces(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return (isinstance(check, Holds) and check.record is None) or check


@broken(
    "what has expired still satisfies a check",
    clause="An expired key is a missing key, for checks as for everything else",
)
class ExpiredHolds(Checking):
    timeout = 0.2

    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds):
            return self.store.entries.get(check.key, (None, None))[0] == check.record
        return check

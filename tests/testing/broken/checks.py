"""Commits that do not check what they are asked to."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from graflow.channels.backend import (
    Answer,
    Change,
    Check,
    Conflict,
    Holds,
    KeysAre,
    StartsWith,
    Unlocked,
)
from graflow.channels.codec.codec import decode
from graflow.channels.hidden_keys import KEPT, lock_key
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


@broken(
    "a commit does not look for locks",
    clause="transactions that are repeatedly too slow take turns",
)
class IgnoresUnlocked(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return isinstance(check, Unlocked) or check


@broken(
    "a lock is in its own holder's way",
    clause="transactions that are repeatedly too slow take turns",
)
class OwnLockConflicts(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return self.get(lock_key(check.lock)) is None if isinstance(check, Unlocked) else check


@broken(
    "an empty list and a missing key satisfy the same check",
    clause="Checks compare records to the byte",
)
class EmptyHolds(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds) and not check.record:
            return not self.find(check.key)
        return check


@broken("checks compare numbers", clause="Checks compare records to the byte")
class ComparesNumbers(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds) and isinstance(check.record, bytes):
            found = self.find(check.key)
            return isinstance(found, bytes) and bool(decode(found) == decode(check.record))
        return check


@broken("checks compare without case", clause="Checks compare records to the byte")
class ComparesCaseless(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds) and isinstance(check.record, bytes):
            found = self.find(check.key)
            return isinstance(found, bytes) and found.lower() == check.record.lower()
        return check


@broken("checks compare the first 1,000 bytes", clause="Checks compare records to the byte")
class ComparesBeginnings(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds) and isinstance(check.record, bytes):
            found = self.find(check.key)
            return isinstance(found, bytes) and found[:1000] == check.record[:1000]
        return check


@broken(
    "the head that is checked may be anywhere",
    clause="or change the head, the transaction starts over",
)
class HeadAnywhere(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        found = self.find(check[0]) if isinstance(check, StartsWith) else None
        if not isinstance(check, StartsWith) or not isinstance(found, list):
            return check
        return all(item in found for item in check.items)


@broken(
    "only the first item of a head is checked",
    clause="or change the head, the transaction starts over",
)
class FirstOfHead(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return check._replace(items=check.items[:1]) if isinstance(check, StartsWith) else check


@broken("the number of keys is checked", clause="`keys` reads which keys there are")
class CountsKeys(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return len(check.keys) == len(self.keys()) if isinstance(check, KeysAre) else check


@broken(
    "keys that expired are still there to a check",
    clause="An expired key is a missing key, for checks as for everything else",
)
class ExpiredAreThere(Checking):
    timeout = 0.2

    @override
    def instead(self, check: Check) -> bool | Check:
        if not isinstance(check, KeysAre):
            return check
        return set(check.keys) == {key for key in self.store.entries if not key.startswith(KEPT)}


@broken(
    "keys are checked in their order",
    clause="cost grows with this channel only",
    by=Capability.COMMITS,
)
class KeysInOrder(Checking):
    timeout = 0.2

    @override
    def instead(self, check: Check) -> bool | Check:
        return list(check.keys) == self.keys() if isinstance(check, KeysAre) else check

"""Times to live that are lost, kept, revived or rounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from typing_extensions import override

from graflow.channels.backend import (
    KEEP,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Push,
    Put,
)
from graflow.channels.hidden_keys import KEPT
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, DictChannel

__all__ = ["broken"]

broken = Group(Capability.TTL)


@broken(
    "set keeps the old TTL",
    clause="without `ttl` the key no longer expires",
)
class SetKeepsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and change.ttl is None:
            change = change._replace(ttl=KEEP)
        return [change]


@broken(
    "set_many keeps the old TTLs",
    clause="without `ttl` the key no longer expires",
    by=Capability.BATCHES,
)
class SetManyKeepsTtl(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if len(changes) > 1 and not checks:
            changes = [each._replace(ttl=each.ttl or KEEP) for each in changes if type(each) is Put]
        return super().commit(checks, changes)


@broken(
    "append ignores its TTL",
    clause="with it the TTL is set in the same atomic step",
)
class AppendIgnoresTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(ttl=KEEP) if isinstance(change, Push) else change]


@broken(
    "append clears the TTL",
    clause="without `ttl` the old TTL stays",
    by=Capability.LISTS,
)
class AppendClearsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and change.ttl == KEEP:
            return [change, Expire(change.key, None)]
        return [change]


@broken(
    "append to an expired list revives its TTL",
    clause="an expired key is a missing key",
    by=Capability.LISTS,
)
class RevivedTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        has_expired = change.key in self.store.entries and self.find(change.key) is None
        if isinstance(change, Push) and change.ttl == KEEP and has_expired:
            return [change, Expire(change.key, 500_000)]
        return [change]


@broken(
    "append and expire are two steps",
    clause="with it the TTL is set in the same atomic step",
    by=Capability.COMMITS,
)
class TwoSteps(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(
            checks, [each._replace(ttl=KEEP) if type(each) is Push else each for each in changes]
        )
        for each in changes:
            if type(each) is Push and each.ttl != KEEP:
                super().commit((), [Expire(each.key, each.ttl)])
        return answers


@broken(
    "the TTL is in whole seconds",
    clause="kept to the millisecond",
)
class WholeSeconds(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and change.ttl:
            change = change._replace(ttl=max(1, change.ttl // 1000) * 1000)
        return [change]


@broken(
    "the TTL of a missing key is None",
    clause="`None` if the key does not expire; a missing key raises",
)
class TtlOfNothing(DictChannel):
    def ttl(self, key: str) -> float | None:
        return super().ttl(key) if self.exists(key) else None


@broken(
    "update drops the TTL",
    clause="`fn` raising changes nothing; TTL stays",
    by=Capability.UPDATE,
)
class UpdateDropsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and change.ttl == KEEP:
            change = change._replace(ttl=None)
        return [change]


@broken(
    "delete of an expired key is True",
    clause="an expired key is a missing key",
)
class DeleteOfExpired(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        self.was_there = change.key in self.store.entries
        return [change]

    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        return self.was_there if isinstance(change, Delete) else answer


@broken(
    "keys lists what has expired",
    clause="this channel's live keys",
)
class ExpiredKeys(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return [key for key in self.store.entries if key.startswith(KEPT) is kept]


@broken(
    "exists ignores the time",
    clause="an expired key is a missing key",
)
class ExpiredExists(DictBackend):
    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return [key in self.store.entries for key in keys]


@broken(
    "a refused append has cleared the TTL",
    clause="A refused write leaves the old value and the old TTL exactly as they were",
    by=Capability.LISTS,
)
class RefusedClearsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and isinstance(self.find(change.key), bytes):
            self.again(Expire(change.key, None))
        return [change]


@broken(
    "a missing key is said to expire",
    clause="tells whether it exists",
    by=Capability.COMMITS,
)
class ExpiresNothing(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        return True if isinstance(change, Expire) else answer


@broken(
    "persist leaves the TTL",
    clause="the key expires `ttl` seconds from now, or never",
    by=Capability.COMMITS,
)
class PersistsNothing(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Expire) and change.ttl is None and self.find(change.key) is not None:
            change = change._replace(ttl=self.left(change.key))
        return [change]


@broken(
    "touch only ever lengthens a TTL",
    clause="the key expires `ttl` seconds from now, or never",
    by=Capability.COMMITS,
)
class Lengthens(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Expire) and change.ttl and self.find(change.key) is not None:
            change = change._replace(ttl=max(change.ttl, self.left(change.key) or 0))
        return [change]

"""Lists that are not what was added to them."""

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
    NotAList,
    Pop,
    Push,
    Put,
)
from graflow.channels.codec.codec import Record
from graflow.channels.commits.settling import Outcome, record_of
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.LISTS)


@broken(
    "an empty list is a missing key",
    clause="works on a list that `set` stored, the empty one included",
)
class EmptyIsMissing(DictBackend):
    @override
    def find(self, key: str) -> Record | None:
        return super().find(key) or None


@broken(
    "pop leaves an empty list",
    clause="popping the last item removes the key",
)
class PopLeavesEmpty(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        if isinstance(change, Pop) and answer is not None and self.find(change.key) is None:
            self.again(Put(change.key, []))
        return answer


@broken(
    "pop takes the last item",
    clause="removes and returns the head",
)
class PopFromTheEnd(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        items = self.find(change.key)
        if isinstance(change, Pop) and isinstance(items, list):
            return [Put(change.key, [items[-1], *items[:-1]], KEEP), change]
        return [change]


@broken(
    "prepend appends",
    clause="adds at the end or the head",
)
class PrependAppends(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(at_head=False) if isinstance(change, Push) else change]


@broken(
    "append returns the old length",
    clause="returns the new length",
)
class OldLength(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        return answer - 1 if isinstance(change, Push) and isinstance(answer, int) else answer


@broken(
    "append replaces what is no list",
    clause="on a key that holds no list: refused, nothing changed",
)
class AppendReplaces(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and isinstance(self.find(change.key), bytes):
            return [Delete(change.key), change]
        return [change]


@broken(
    "a JSON array is taken for a list",
    clause="on a key that holds no list: refused, nothing changed",
)
class ArrayIsAList(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Push) and self.find(change.key) in (b'"[]"', b"{}"):
            return [Put(change.key, []), change]
        return [change]


@broken(
    "pop from what is no list gives the default",
    clause="on a key that holds no list: refused",
)
class PopFromAnything(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        try:
            return super().commit(checks, changes)
        except NotAList:
            if type(changes[0]) is Pop:
                return [None]
            raise


@broken("an append writes the list anew", clause="O(1) in the list's length")
class AppendWritesAnew(DictBackend):
    @override
    def become(self, key: str, outcome: Outcome) -> None:
        record = record_of(outcome, self.find(key))
        super().become(key, outcome._replace(now=record))


@broken("an append reads the list first", clause="O(1) in the list's length")
class AppendReadsFirst(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        self.read([change.key for change in changes if isinstance(change, Push)])
        return super().commit(checks, changes)

"""Keys, names, values and batches that are longer than a store takes, and what it does then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from typing_extensions import override

from graflow.channels.backend import Answer, Change, Check, Conflict, Held, Push, Put
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.patterns import Folding
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.KEYS)

_ALLOWED = "a key are non-empty `str` that UTF-8 can encode; anything else is refused"
_SAME = "What `get` returns equals what was stored"
_EXIST = "the dict has the keys that exist"


@broken("keys are cut to 64 characters", clause=_ALLOWED)
class Cut64(Folding):
    length = 64

    @override
    def fold(self, key: str) -> str:
        return key[: self.length]


@broken("keys are cut to 255 characters", clause=_ALLOWED)
class Cut255(Cut64):
    length = 255


@broken("keys are cut to 9,000 characters", clause=_ALLOWED)
class Cut9000(Cut64):
    length = 9_000


@broken("a key of more than 250 bytes is refused", clause=_ALLOWED)
class RefusesLongKeys(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if len(change.key.encode()) > 250:
            raise ValueError("key too long")
        return [change]


@broken("get_many takes the first 100 keys", clause=_EXIST, by=Capability.BATCHES)
class GetsAHundred(DictBackend):
    most = 100

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        found = super().read(keys[: self.most])
        return [*found, *([None] * (len(keys) - len(found)))]


@broken("get_many takes the first 1,000 keys", clause=_EXIST, by=Capability.BATCHES)
class GetsAThousand(GetsAHundred):
    most = 1000


@broken("get_many refuses more than 999 keys", clause=_EXIST, by=Capability.BATCHES)
class TooManyVariables(DictBackend):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        if len(keys) > 999:
            raise OSError("too many SQL variables")
        return super().read(keys)


@broken(
    "set_many writes the first 1,000 keys",
    clause="`set_many` writes all or nothing",
    by=Capability.BATCHES,
)
class SetsAThousand(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes[:1000])
        if isinstance(answers, Conflict):
            return answers
        return [*answers, *([None] * (len(changes) - len(answers)))]


@broken("a value is cut at 65,535 bytes", clause=_SAME, by=Capability.VALUES)
class CutValues(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and isinstance(change.record, bytes):
            record = change.record
            if len(record) > 65_535 and record.startswith(b'"'):
                change = change._replace(record=record[:65_534] + b'"')
        return [change]


@broken("a value of more than 1 MB is refused", clause=_SAME, by=Capability.VALUES)
class RefusesLargeValues(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Put) and len(change.record) > 2**20:
            raise ValueError("object too large for cache")
        return [change]


@broken(
    "a list drops its head beyond 10,000 items",
    clause="adds at the end or the head",
    by=Capability.LISTS,
)
class CappedLists(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        items = self.find(change.key)
        if isinstance(change, Push) and isinstance(items, list) and len(items) > 10_000:
            self.again(Put(change.key, items[-10_000:]))
        return answer

"""Channels in one store that are not kept apart by their names."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from typing_extensions import override

from graflow.channels.backend import Delete, Held
from graflow.channels.codec.codec import Record
from graflow.channels.commits.settling import Outcome
from graflow.channels.hidden_keys import KEPT, lock_key
from graflow.testing import Capability
from tests.testing.broken.registry import Group, flat_harness
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.KEYS, flat_harness)


class Flat(DictBackend):
    """All channels in one dict, each key behind the name of its channel."""

    def full(self, key: str) -> str:
        return f"{self.name}:{key}"

    def short(self, full: str) -> str | None:
        """Return the key of this channel that is kept under a name, if it is one."""
        return full[len(self.name) + 1 :] if full.startswith(f"{self.name}:") else None

    @override
    def find(self, key: str) -> Record | None:
        return super().find(self.full(key))

    @override
    def held(self, key: str) -> Held | None:
        record = self.find(key)
        return None if record is None else Held(record, self.left(key))

    @override
    def left(self, key: str) -> int | None:
        return super().left(self.full(key))

    @override
    def become(self, key: str, outcome: Outcome) -> None:
        super().become(self.full(key), outcome)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        with self.store.mutex:
            mine = filter(None, map(self.short, self.store.entries))
            return [
                key for key in mine if self.find(key) is not None and key.startswith(KEPT) is kept
            ]

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self.store.mutex:
            for key in self.keys():
                self.apply(Delete(key))


@broken(
    "a name bleeds into another that begins like it",
    clause="Two channels with different names never see, list, clear, lock or expire",
)
class PrefixBleed(Flat):
    pass


@broken(
    "keys are found with a pattern",
    clause="Two channels with different names never see, list, clear, lock or expire",
)
class PatternKeys(Flat):
    def full(self, key: str) -> str:
        return f"{self.name!r}:{key}"

    def short(self, full: str) -> str | None:
        is_mine = fnmatchcase(full, f"{self.name!r}:*")
        return full[len(repr(self.name)) + 1 :] if is_mine else None


@broken(
    "locks of all channels are the same",
    clause="Two channels with different names never see, list, clear, lock or expire",
    by=Capability.LOCK,
)
class SharedLocks(Flat):
    def full(self, key: str) -> str:
        return key if key.startswith(lock_key("")) else json.dumps([self.name, key])

    def short(self, full: str) -> str | None:
        if full.startswith(KEPT):
            return None
        name, key = json.loads(full)
        return key if name == self.name else None

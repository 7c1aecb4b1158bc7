"""Batches that are not one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.backend import Answer, Change, Check, Conflict, Held
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, DictChannel

__all__ = ["broken"]

broken = Group(Capability.BATCHES)


@broken(
    "set_many writes one by one",
    clause="`set_many` writes all or nothing",
)
class OneByOne(DictChannel):
    def set_many(self, mapping: Mapping[str, object], ttl: Any = None) -> None:
        for key, value in mapping.items():
            self.set(key, value, ttl)


@broken(
    "set_many is not one moment",
    clause="`get_many`, `set_many`, `keys` and `transact` are atomic over the channel",
    by=Capability.COMMITS,
)
class WritesInTurn(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if checks:
            return super().commit(checks, changes)
        answers: list[Answer] = []
        for each in changes:
            answers += super().commit((), [each])  # type: ignore[arg-type]
        return answers


@broken(
    "get_many is not one moment",
    clause="`get_many`, `set_many`, `keys` and `transact` are atomic over the channel",
    by=Capability.COMMITS,
)
class ReadsInTurn(DictBackend):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return [held for key in keys for held in super(ReadsInTurn, self).read([key])]

"""Handles that remember, or go where they must not."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from graflow.channels.codec.codec import Record
from graflow.channels.hidden_keys import KEPT
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, DictChannel, Store

__all__ = ["broken"]

broken = Group(Capability.PICKLE)


@broken(
    "a handle remembers what it read",
    clause="Every operation is atomic and linearizable per key",
    by=Capability.SEQUENCES,
)
class StaleReads(DictBackend):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.seen: dict[str, Record | None] = {}

    @override
    def get(self, key: str) -> Record | None:
        seen, fresh = self.seen, super().get(key)
        if key.startswith(KEPT):
            return fresh
        if fresh is not None and key in seen and seen[key] != fresh and len(seen) > 1:
            return seen.pop(key)
        seen[key] = fresh
        return fresh


@broken(
    "a handle can be pickled and has its own store elsewhere",
    clause="A memory handle refuses to be pickled into another process",
)
class Pickles(DictChannel):
    def __reduce__(self) -> Any:
        return _other_store, (self.name,)


def _other_store(name: str) -> Pickles:
    return Pickles(name, Store())


@broken(
    "it says that processes share it, and they don't",
    clause="`shared` says whether other processes can reach the same keys",
    by=Capability.KEYS,
)
class NotShared(DictBackend):
    shared = True

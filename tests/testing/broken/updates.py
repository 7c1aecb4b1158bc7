"""Updates that overwrite what others wrote."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from graflow.channels.backend import KEEP, Answer, Change, Check, Conflict, Put
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.UPDATE)


@broken(
    "update overwrites what was written in between",
    clause="reads, calls `fn`, writes, and starts over if someone wrote in between",
)
class BlindSwap(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_update = isinstance(changes[0], Put) and changes[0].ttl == KEEP
        return super().commit(() if is_update else checks, changes)

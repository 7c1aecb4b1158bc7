"""Transactions that do not see, or do not keep back, their own writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictChannel

__all__ = ["broken"]

broken = Group(Capability.COMMITS)


class BlindTransaction:
    """Writes into a transaction, and reads past it."""

    def __init__(self, tx: Any, channel: DictChannel) -> None:
        self.tx, self.channel = tx, channel

    def __getattr__(self, name: str) -> Any:
        reads = {"get", "get_many", "exists", "keys", "ttl", "entry"}
        return getattr(self.channel if name in reads else self.tx, name)


@broken(
    "a transaction does not see its own writes",
    clause="`tx` sees its own writes",
)
class SeesNotItself(DictChannel):
    def transact(self, fn: Callable[[Any], Any], **options: Any) -> Any:
        return super().transact(lambda tx: fn(BlindTransaction(tx, self)), **options)


@broken(
    "a transaction writes as it goes",
    clause="nobody else does before the end",
)
class WritesAsItGoes(DictChannel):
    def transact(self, fn: Callable[[Any], Any], **options: Any) -> Any:
        return super().transact(lambda tx: fn(self if not options else tx), **options)

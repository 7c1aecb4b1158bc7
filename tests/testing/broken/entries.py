"""Etags that stand for something else."""

from __future__ import annotations

from typing import Any

from graflow.channels.operation.entry import Entry
from graflow.exceptions import ChannelConflictError
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictChannel

__all__ = ["broken"]

broken = Group(Capability.COMMITS)


@broken(
    "an etag ignores types",
    clause="`1`, `1.0` and `True` have different ones",
)
class EtagIgnoresType(DictChannel):
    def entry(self, key: str) -> Entry[Any]:
        return super().entry(key)._replace(etag=str(self.get(key)))

    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        if "if_etag" in options:
            if not self.exists(key) or str(self.get(key)) != options["if_etag"]:
                raise ChannelConflictError("it has changed", channel=self.name, key=key)
            options = {}
        super().set(key, value, ttl, **options)


@broken(
    "an etag is good for ever",
    clause="only if the key still holds what the etag stands for",
)
class EtagIgnored(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        super().set(key, value, ttl)

"""Errors that are not the channel's own."""

from __future__ import annotations

from typing import Any

from graflow.exceptions import ChannelError
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictChannel

__all__ = ["broken"]

broken = Group(Capability.TTL)


@broken(
    "an error is that of the dict below",
    clause="Exceptions of redis-py, pydantic or the codec never escape a channel",
)
class BareError(DictChannel):
    def ttl(self, key: str) -> float | None:
        try:
            return super().ttl(key)
        except ChannelError as error:
            raise KeyError(key) from error


@broken(
    "an error does not name the key",
    clause="One root, `GraflowError`",
    by=Capability.LISTS,
)
class NamelessError(DictChannel):
    def append(self, key: str, value: object, ttl: Any = None) -> int:
        try:
            return super().append(key, value, ttl)
        except ChannelError as error:
            error.key = None
            raise

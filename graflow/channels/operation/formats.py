"""Formats: how values are written and read, with a schema or without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from graflow.channels.codec.codec import Record, decode, encode, encode_item

__all__ = ["PLAIN", "Format"]


class Format(Protocol):
    """How values are written and read."""

    @property
    def dump(self) -> Callable[[Any], Record]:
        """A function from a value to its record."""

    @property
    def dump_item(self) -> Callable[[Any], bytes]:
        """A function from an item of a list to its bytes."""

    @property
    def load(self) -> Callable[[Record], Any]:
        """A function from a record, or the bytes of an item, to the value."""


class _Plain:
    dump = staticmethod(encode)
    dump_item = staticmethod(encode_item)
    load = staticmethod(decode)


PLAIN: Format = _Plain()
"""The format of channels without a schema."""

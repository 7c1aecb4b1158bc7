"""`Entry`: a value as it is stored at one moment."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

__all__ = ["Entry"]

T = TypeVar("T")


class Entry(NamedTuple, Generic[T]):
    """A value as it is stored at one moment.

    Attributes:
        value: The value.
        etag: Text that stands for the value: as long as it is the same, so is the value, its type
            included. `set(key, value, if_etag=etag)` replaces that value and no other one.
        ttl: The seconds until the key expires; `None` if it never does.
    """

    value: T
    etag: str
    ttl: float | None

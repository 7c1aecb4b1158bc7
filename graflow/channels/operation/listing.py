"""`Listing`: the keys that a channel has, each with what its values are checked against."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Generic, NamedTuple, TypeVar

from graflow.channels.arguments import Seconds
from graflow.channels.operation.typed_operations import ListFormat

__all__ = ["ListedKey", "Listing"]

K = TypeVar("K")


class ListedKey(NamedTuple):
    """A key of a list.

    Attributes:
        name: The key as users know it.
        schema: What its values are checked against.
        items: What the items of its list are checked against; `None` if it holds no list.
        is_read_only: Whether it can't be changed.
        is_required: Whether it has to be there, when all keys are read or written.
        ttl: Seconds until it expires after each write that doesn't say otherwise.
        numbers: The types that can be added to it; none if it holds no number.
    """

    name: str
    schema: ListFormat
    items: ListFormat | None
    is_read_only: bool = False
    is_required: bool = False
    ttl: Seconds | None = None
    numbers: tuple[type, ...] = ()


class Listing(ABC, Generic[K]):
    """The keys that a channel has, where `K` is what users write for a key.

    Attributes:
        title: What the list is called, for messages.
        names: The keys by the names that users know them by, in the order of the list.
    """

    def __init__(self, title: str, names: Mapping[str, ListedKey]) -> None:
        self.title = title
        self.names = names

    @abstractmethod
    def find(self, key: K) -> ListedKey | None:
        """Return what the list says of a key; `None` if it has no such key.

        Raises:
            ChannelTypeError, ChannelValueError: That can't be a key.
        """

    def advice(self, key: K) -> str:
        """Return what a message says in addition of a key that is not in the list."""
        close = get_close_matches(str(key), self.names, n=1)
        return f"; did you mean {close[0]!r}?" if close else ""

    def why_read_only(self, key: K) -> str:
        """Return what a message says of a key that can't be changed."""
        return f"it is ReadOnly in {self.title}"

    def present(self, keys: Collection[str]) -> list[str]:
        """Return those of the channel's keys that the list has, in the order of the list."""
        there = set(keys)
        return [name for name in self.names if name in there]

"""Requests of operations, beside the changes and commits that they make; see `Request`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from graflow.channels.backend import Backend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Held

__all__ = ["CallFunction", "Clear", "Digests", "Exist", "Get", "Head", "ListKeys", "Read"]


class Get(NamedTuple):
    """Read a key. Answer: its record, or `None`.

    Attributes:
        key: The key.
        is_fresh: Whether the store itself has to answer, and no cache.
    """

    key: str
    is_fresh: bool = False

    def ask(self, backend: Backend) -> Record | None:
        """Ask the backend."""
        return (backend.fresh if self.is_fresh else backend).get(self.key)


class Read(NamedTuple):
    """Read keys at one moment. Answer: what each holds, with the time that it has left.

    Attributes:
        keys: The keys.
        is_fresh: Whether the store itself has to answer. A cache does not know the times.
    """

    keys: Sequence[str]
    is_fresh: bool = False

    def ask(self, backend: Backend) -> Sequence[Held | None]:
        """Ask the backend."""
        return (backend.fresh if self.is_fresh else backend).read(self.keys)


class Head(NamedTuple):
    """Read the beginning of a list. Answer: its first items."""

    key: str
    most: int

    def ask(self, backend: Backend) -> list[bytes]:
        """Ask the backend."""
        return backend.head(self.key, self.most)


class Exist(NamedTuple):
    """Look for keys. Answer: whether each exists."""

    keys: Sequence[str]

    def ask(self, backend: Backend) -> list[bool]:
        """Ask the backend."""
        return backend.exist(self.keys)


class Digests(NamedTuple):
    """Look what keys hold. Answer: the digest of it for each, or `None`."""

    keys: Sequence[str]

    def ask(self, backend: Backend) -> list[str | None]:
        """Ask the backend."""
        return backend.digests(self.keys)


class ListKeys(NamedTuple):
    """List the keys. Answer: all of them, or with `kept` those that are kept about the channel."""

    kept: bool = False

    def ask(self, backend: Backend) -> list[str]:
        """Ask the backend."""
        return backend.keys(kept=self.kept)


class Clear(NamedTuple):
    """Remove all keys; with `kept`, what is kept about the channel as well."""

    kept: bool = False

    def ask(self, backend: Backend) -> None:
        """Ask the backend."""
        return backend.clear(kept=self.kept)


class CallFunction(NamedTuple):
    """Call a function of the user's, which may use the channel. Answer: what it returns."""

    function: Callable[[Any], Any]
    argument: Any

    def ask(self, backend: Backend) -> Any:
        """Call it."""
        return backend.call(self.function, self.argument)

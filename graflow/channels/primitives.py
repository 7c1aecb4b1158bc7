"""What a backend writes: a few primitives on bytes, and the signals that they give."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from graflow.channels import rules
from graflow.channels.codec import Record, decode, encode

__all__ = ["MISSING", "Missing", "NotAList", "NotANumber", "Primitives"]


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        """Show the name alone, as signatures in a documentation do."""
        return "MISSING"


MISSING: Final = Missing.MISSING
"""Stands for "no default was given" where `None` is a default like any other."""


class NotAList(Exception):
    """A backend's word that the key holds something other than a list."""


class NotANumber(Exception):
    """A backend's word that the key holds something other than a number."""


class Primitives(ABC):
    """The operations of a backend, below everything that a user can observe.

    They are handed checked keys and encoded bytes, and each is atomic, whichever threads,
    processes and machines use the channel.
    """

    @abstractmethod
    def _read(self, key: str) -> Record | None:
        """Return what `key` holds: the bytes of a value, the items of a list, or `None`."""

    @abstractmethod
    def _read_many(self, keys: Sequence[str]) -> Sequence[Record | None]:
        """Return what each of `keys` holds at one moment, in their order."""

    @abstractmethod
    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        """Put `record` in place of whatever `key` holds, to expire in `ttl` ms or never."""

    @abstractmethod
    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        """Write every record as `_write` does, all at one moment."""

    @abstractmethod
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        """Add an item to the list under `key`, creating it, and return the new length.

        With a `ttl` the list expires in that many ms; without, its expiry stays.

        Raises:
            NotAList: The key holds a value; nothing changed.
        """

    @abstractmethod
    def _pop(self, key: str) -> bytes | None:
        """Remove and return the first item, and the key with the last one; else `None`.

        Raises:
            NotAList: The key holds a value; nothing changed.
        """

    @abstractmethod
    def _pop_if(self, key: str, item: bytes) -> bool:
        """Remove the first item, as `_pop` does, if it is this one; tell whether it was."""

    @abstractmethod
    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        """Put `new` in place of `old` and keep the expiry; `False` if `key` holds no `old`."""

    @abstractmethod
    def _delete(self, key: str) -> bool:
        """Remove `key`; tell whether it was there."""

    @abstractmethod
    def _exists(self, key: str) -> bool:
        """Tell whether `key` is there."""

    @abstractmethod
    def _keys(self) -> list[str]:
        """Return all live keys, in any order, at a cost that grows with this channel only."""

    @abstractmethod
    def _clear(self) -> None:
        """Remove all keys; locks stay."""

    @abstractmethod
    def _remaining(self, key: str) -> int | Missing | None:
        """Return the ms that `key` has left, `None` if it never expires, or `MISSING`."""

    @abstractmethod
    def _acquire(self, key: str, owner: str, lease: int) -> int | str:
        """Take the lock `key` for `lease` ms, if it is free or already `owner`'s.

        Returns:
            The lock's fencing number, which grows with every change of hands, or the name
            of its present owner.
        """

    @abstractmethod
    def _renew(self, key: str, owner: str, lease: int) -> bool:
        """Let the lock end `lease` ms from now, if `owner` holds it; tell whether it does."""

    @abstractmethod
    def _release(self, key: str, owner: str) -> bool:
        """Free the lock, if `owner` holds it; tell whether it did."""

    @abstractmethod
    def _first(self, key: str) -> bytes | None:
        """Return the first item of the list under `key`, or `None` if there is none.

        Raises:
            NotAList: The key holds a value.
        """

    def _exist_many(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each of `keys` whether it is there; a backend may do it in fewer steps."""
        return [self._exists(key) for key in keys]

    def _replace(self, key: str, make: Callable[[Record | None], tuple[Record, Any]]) -> Any:
        """Swap the record of `key` for what `make` returns, and return what goes with it."""
        attempt = 0
        while True:
            old = self._read(key)
            new, result = make(old)
            if self._swap(key, old, new):
                return result
            attempt += 1
            time.sleep(random.uniform(0, 0.001 * min(attempt, 20)))

    def _add(self, key: str, amount: int | float) -> int | float:
        """Add to the number under `key` and return the sum; a missing key counts as 0.

        A backend that can do this in one step of its own may override it; `rules.add` says
        what the sum is.

        Raises:
            NotANumber: The key holds something else; nothing changed.
            ChannelOverflowError: As `rules.add`; nothing changed.
        """

        def replace(record: Record | None) -> tuple[Record, int | float]:
            number = 0 if record is None else decode(record)
            if type(number) is not int and type(number) is not float:
                raise NotANumber
            total = rules.add(number, amount)
            return encode(total), total

        total: int | float = self._replace(key, replace)
        return total

"""What a backend writes: a few primitives on bytes, and the signals that they give."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, Self

from graflow.channels import arguments
from graflow.channels.codec.codec import Record, decode, encode
from graflow.channels.updates import insist
from graflow.system.clock import monotonic

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

    _timeout: float = 5.0
    """Seconds for which an update tries, while others keep writing to its key."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The channel's name."""

    @abstractmethod
    def _server(self) -> str:
        """Return what tells the server that has the keys from others, without credentials."""

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
    def _acquire(self, key: str, owner: str, lease: int, least: int = 0) -> int | str:
        """Take the lock `key` for `lease` ms, if it is free or already `owner`'s.

        A free lock is for the first in its line, see `_line_up`; it leaves the line with it.

        Args:
            key: The lock.
            owner: Who asks.
            lease: ms until the lock is free by itself.
            least: What the number has to be at the least, also that of a lock that is held.

        Returns:
            The lock's fencing number, which grows with every change of hands, as `next_fence`
            says; or the name of its present owner, or of the one that is to have it next.
        """

    @abstractmethod
    def _renew(self, key: str, owner: str, lease: int) -> bool:
        """Let the lock end `lease` ms from now, if `owner` holds it; tell whether it does."""

    @abstractmethod
    def _release(self, key: str, owner: str) -> bool:
        """Free the lock, if `owner` holds it; tell whether it did."""

    def _reopened(self) -> Self:
        """Return a handle on this channel that goes on after this one is closed.

        It frees locks in the background. A backend whose `close` closes nothing, or nothing that
        locks need, has no need of another one.
        """
        return self

    def _line_up(self, key: str, owner: str, patience: int) -> int:
        """Let `owner` have a place in the line for the lock, behind those who came before.

        The place is given up `patience` ms from now, unless it asks again; with 0 it leaves the
        line. A backend that keeps none is right as well, but gives its locks to whoever comes at
        the right moment.

        Returns:
            How many are before the owner.
        """
        return 0

    @abstractmethod
    def _first(self, key: str) -> bytes | None:
        """Return the first item of the list under `key`, or `None` if there is none.

        Raises:
            NotAList: The key holds a value.
        """

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool:
        """Swap as `_swap` does, unless it is another one's turn to update `key`.

        A backend without this is right as well, but slow updates may come too late for ever.

        Args:
            key: The key.
            old: What it holds.
            new: What it is to hold.
            owner: Who may have the turn, which is the lock of the name `turn_name(key)`.
        """
        return self._swap(key, old, new)

    def _exist_many(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each of `keys` whether it is there; a backend may do it in fewer steps."""
        return [self._exists(key) for key in keys]

    def _replace(self, key: str, make: Callable[[Record | None], tuple[Record, Any]]) -> Any:
        """Swap the record of `key` for what `make` returns, and return what goes with it.

        Raises:
            ChannelConflictError: Others wrote in between for as long as `_timeout`.
        """
        started = monotonic()
        old = self._read(key)
        new, result = make(old)
        if self._swap_in_turn(key, old, new, ""):
            return result
        return insist(self, key, make, started)

    def _add(self, key: str, amount: int | float) -> int | float:
        """Add to the number under `key` and return the sum; a missing key counts as 0.

        A backend that can do this in one step of its own may override it; `arguments.add` says
        what the sum is.

        Raises:
            NotANumber: The key holds something else; nothing changed.
            ChannelOverflowError: As `arguments.add`; nothing changed.
        """

        def replace(record: Record | None) -> tuple[Record, int | float]:
            number = 0 if record is None else decode(record)
            if type(number) is not int and type(number) is not float:
                raise NotANumber
            total = arguments.add(number, amount)
            return encode(total), total

        total: int | float = self._replace(key, replace)
        return total

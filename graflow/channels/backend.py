"""The interface of a backend: a few primitives on bytes, and the signals they raise."""

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
    """A backend's signal that the key holds something other than a list."""


class NotANumber(Exception):
    """A backend's signal that the key holds something other than a number."""


class Primitives(ABC):
    """The operations of a backend, below everything that a user can observe.

    They receive checked keys and encoded bytes. Each of them is atomic, no matter which
    threads, processes and machines use the channel.
    """

    _timeout: float = 5.0
    """How many seconds an update keeps trying while others keep writing to its key."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The channel's name."""

    @abstractmethod
    def _server(self) -> str:
        """Return a name that tells the server of the keys from others, without credentials."""

    @abstractmethod
    def _read(self, key: str) -> Record | None:
        """Return what `key` holds: the bytes of a value, the items of a list, or `None`."""

    @abstractmethod
    def _read_many(self, keys: Sequence[str]) -> Sequence[Record | None]:
        """Return what each of `keys` holds at one point in time, in the order of `keys`."""

    @abstractmethod
    def _write(self, key: str, record: Record, ttl: int | None) -> None:
        """Put `record` in place of whatever `key` holds, to expire in `ttl` ms or never."""

    @abstractmethod
    def _write_many(self, records: Mapping[str, Record], ttl: int | None) -> None:
        """Write every record as `_write` does, all of them atomically."""

    @abstractmethod
    def _push(self, key: str, item: bytes, ttl: int | None, at_head: bool) -> int:
        """Add an item to the list under `key`, creating it, and return the new length.

        With a `ttl` the list expires in that many ms; without one its expiry is unchanged.

        Raises:
            NotAList: The key holds a value; nothing changed.
        """

    @abstractmethod
    def _pop(self, key: str) -> bytes | None:
        """Remove and return the first item, or `None`; the key goes with its last item.

        Raises:
            NotAList: The key holds a value; nothing changed.
        """

    @abstractmethod
    def _pop_if(self, key: str, item: bytes) -> bool:
        """Remove the first item, as `_pop` does, if it equals `item`; tell whether it did."""

    @abstractmethod
    def _swap(self, key: str, old: Record | None, new: Record) -> bool:
        """Replace `old` by `new` and keep the expiry; `False` if `key` does not hold `old`."""

    @abstractmethod
    def _delete(self, key: str) -> bool:
        """Remove `key`; tell whether it existed."""

    @abstractmethod
    def _exists(self, key: str) -> bool:
        """Tell whether `key` exists."""

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
        """Take the lock `key` for `lease` ms, if it is free or already held by `owner`.

        A free lock goes to the first in its queue (see `_line_up`), who then leaves the queue.

        Args:
            key: The lock.
            owner: The name of the owner who asks.
            lease: Milliseconds until the lock expires.
            least: The least fencing number to return, even for a lock that `owner` holds.

        Returns:
            The lock's fencing number, which grows with every new holder (see `next_fence`); or
            the name of its current owner, or of the one who is next.
        """

    @abstractmethod
    def _renew(self, key: str, owner: str, lease: int) -> bool:
        """Let the lock expire `lease` ms from now if `owner` holds it; tell whether it does."""

    @abstractmethod
    def _release(self, key: str, owner: str) -> bool:
        """Release the lock if `owner` holds it; tell whether it did."""

    def _reopened(self) -> Self:
        """Return a handle on this channel that goes on after this one is closed.

        It frees locks in the background. A backend whose `close` closes nothing, or nothing that
        locks need, has no need of another one.
        """
        return self

    def _line_up(self, key: str, owner: str, patience: int) -> int:
        """Give `owner` a place in the queue for the lock, behind those who came earlier.

        The place lapses `patience` ms from now unless the owner asks again; 0 leaves the queue
        at once. A backend without a queue is correct too, but its locks go to anyone who happens
        to ask at the right moment.

        Returns:
            The number of owners ahead in the queue.
        """
        return 0

    @abstractmethod
    def _first(self, key: str) -> bytes | None:
        """Return the first item of the list under `key`, or `None` if there is none.

        Raises:
            NotAList: The key holds a value.
        """

    def _swap_in_turn(self, key: str, old: Record | None, new: Record, owner: str) -> bool:
        """Swap as `_swap` does, unless it is somebody else's turn to update `key`.

        A backend without this is correct too, but slow updates may then never succeed.

        Args:
            key: The key.
            old: The record that it is expected to hold.
            new: The record that replaces it.
            owner: Who may have the turn; a turn is the lock called `turn_name(key)`.
        """
        return self._swap(key, old, new)

    def _exist_many(self, keys: Sequence[str]) -> list[bool]:
        """Tell for each of `keys` whether it exists; a backend may need fewer steps."""
        return [self._exists(key) for key in keys]

    def _replace(self, key: str, make: Callable[[Record | None], tuple[Record, Any]]) -> Any:
        """Replace the record of `key` by the one that `make` returns, and return its result.

        Raises:
            ChannelConflictError: Others kept writing in between until `_timeout` was over.
        """
        started = monotonic()
        old = self._read(key)
        new, result = make(old)
        if self._swap_in_turn(key, old, new, ""):
            return result
        return insist(self, key, make, started)

    def _add(self, key: str, amount: int | float) -> int | float:
        """Add to the number under `key` and return the sum; a missing key counts as 0.

        A backend that can do this in a single step may override it; `arguments.add` defines
        the sum.

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
